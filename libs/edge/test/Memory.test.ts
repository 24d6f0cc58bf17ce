import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { FrameKind, PeerAddress } from "@roost/contracts"
import { frontHalfLimits } from "@roost/dtls"
import { defaultEdgeLimits } from "../src/EdgeLimits.ts"
import { EdgeWorld, TestDevice } from "./support/EdgeWorld.ts"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")
const heapBytes = (): number => {
  // Bytes that array buffers had outside of the heap are given back by the collection after the one that found them unused.
  for (let i = 0; i < 4; i++) collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/** Every one in another network of 64 bits. */
const ipv6Of = (i: number): PeerAddress => {
  const [low, middle, high] = [i & 0xff, (i >> 8) & 0xff, (i >> 16) & 0xff]
  return new PeerAddress(String.fromCharCode(0x20, 1, high, middle, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, middle, low))
}

/** Heap per entry, of as many as are enough for the overhead of the world itself not to count. */
const heapPerEntry = (count: number, fill: (world: EdgeWorld, i: number) => void): number => {
  const world = new EdgeWorld()
  const before = heapBytes()
  for (let i = 0; i < count; i++) {
    fill(world, i)
    world.core.flush()
    world.frames.length = 0
    world.sent.length = 0
  }
  const after = heapBytes()
  assert.isAtLeast(world.core.counters.datagramsIn + world.core.counters.framesIn, count)
  return (after - before) / count
}

describe("what strangers and devices can make an edge keep", () => {
  it("fits a container of 256 MB with every table full of IPv6 peers (trust G4)", () => {
    const cidOf = (i: number) => Uint8Array.of(i & 0xff, (i >> 8) & 0xff, (i >> 16) & 0xff, 4, 5, 6, 7, 8)
    const route = heapPerEntry(50_000, (world, i) => world.tell(FrameKind.Route, 3, ipv6Of(i), cidOf(i)))
    const doubt = heapPerEntry(50_000, (world, i) => world.tell(FrameKind.Doubt, 3, ipv6Of(i)))
    const unknown = Uint8Array.from([23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 1, 2])
    const asked = heapPerEntry(15_000, (world, i) => world.receive(ipv6Of(i), unknown))
    // The peer's and its source's rate are remembered too.
    const halfOpen = heapPerEntry(1000, (world, i) => {
      const device = new TestDevice(world, `made up ${i}`, {}, ipv6Of(i))
      world.receive(device.peer, ...device.start())
      world.receive(device.peer, ...device.take(world.replies()))
    })
    const limits = defaultEdgeLimits
    const bytes =
      route * limits.routesMax +
      route * limits.handedOffMax +
      (doubt + asked) * limits.unroutedPeersMax +
      6 * doubt * limits.ratesMax +
      halfOpen * (frontHalfLimits.peersInHandshakeMax + limits.resumesMax)
    assert.isBelow(bytes / 1e6, 200, JSON.stringify({ route, doubt, asked, halfOpen }))
  })
})
