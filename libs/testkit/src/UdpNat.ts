import { Effect, type Scope } from "effect"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"

export type Direction = "up" | "down"

/** A NAT between one client and a server, both on 127.0.0.1. */
export interface UdpNat {
  /** Where the client sends to. */
  readonly port: number
  /** The next datagram to the server comes from another port, and nothing sent to the old one arrives any more. */
  readonly rebind: Effect.Effect<void>
  /** First bytes of the datagrams that passed: the content types of their first records. */
  readonly passed: ReadonlyArray<readonly [Direction, contentType: number]>
}

export interface UdpNatOptions {
  /** Of the server. */
  readonly port: number
  /** False: lost. Default: all pass. */
  readonly passes?: (direction: Direction, datagram: Uint8Array) => boolean
}

export const udpNat = Effect.fnUntraced(function* (
  options: UdpNatOptions
): Effect.fn.Return<UdpNat, never, Scope.Scope> {
  const passed: Array<readonly [Direction, number]> = []
  const pass = (direction: Direction, datagram: Uint8Array): boolean => {
    if (options.passes?.(direction, datagram) === false) return false
    passed.push([direction, datagram[0]!])
    return true
  }
  let clientPort = 0
  const inside = yield* Effect.acquireRelease(bound, close)
  const outward = Effect.map(bound, (socket) =>
    socket.on("message", (datagram) => {
      if (pass("down", datagram)) inside.send(datagram, clientPort, "127.0.0.1")
    })
  )
  let outside = yield* outward
  yield* Effect.addFinalizer(() => close(outside))
  inside.on("message", (datagram, { port }) => {
    clientPort = port
    if (pass("up", datagram)) outside.send(datagram, options.port, "127.0.0.1")
  })
  const rebind = Effect.gen(function* () {
    const old = outside
    outside = yield* outward
    yield* close(old)
  }).pipe(Effect.uninterruptible)
  return { port: inside.address().port, rebind, passed }
})

const bound: Effect.Effect<Socket> = Effect.promise(async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1")
  await once(socket, "listening")
  return socket
})

const close = (socket: Socket): Effect.Effect<void> => Effect.sync(() => void socket.close())
