import { Effect } from "effect"
import { randomInt } from "node:crypto"
import { createSocket } from "node:dgram"
import { createServer } from "node:net"

/**
 * Below the range that Linux takes the ports of outgoing connections from (32768 and up). A probed port of that range was
 * taken by somebody's connection before the server that it was for listened, once in some hundred starts.
 */
const portMin = 10_000
const portMax = 32_767
const given = new Set<number>()

const freePort = async (probe: (port: number) => Promise<boolean>): Promise<number> => {
  for (;;) {
    const port = randomInt(portMin, portMax + 1)
    if (given.has(port) || !(await probe(port))) continue
    given.add(port)
    return port
  }
}

/** A TCP port of 127.0.0.1 that nobody listens on and that was not given before by this process. */
export const freeTcpPort: Effect.Effect<number> = Effect.promise(() =>
  freePort(
    (port) =>
      new Promise((resolve) => {
        const server = createServer()
        server.once("error", () => resolve(false))
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
      })
  )
)

/** The same for UDP. */
export const freeUdpPort: Effect.Effect<number> = Effect.promise(() =>
  freePort(
    (port) =>
      new Promise((resolve) => {
        const socket = createSocket("udp4")
        socket.once("error", () => resolve(false))
        socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)))
      })
  )
)
