import { Effect } from "effect"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. The kernel gives ephemeral ports out in random order, so that
 * another process takes this one in between is unlikely, not impossible.
 */
export const freeTcpPort: Effect.Effect<number> = Effect.promise(async () => {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, "close")
  return port
})

/** The same for UDP. */
export const freeUdpPort: Effect.Effect<number> = Effect.promise(async () => {
  const probe = createSocket("udp4")
  probe.bind(0, "127.0.0.1")
  await once(probe, "listening")
  const { port } = probe.address()
  probe.close()
  await once(probe, "close")
  return port
})
