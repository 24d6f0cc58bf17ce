import { assert, describe, it } from "@effect/vitest"
import { FrameKind, partitionCount, placeOf, Subjects } from "@roost/contracts"
import { HandedOffHalves } from "../src/HandedOffHalves.ts"
import { EdgeWorld, TestDevice } from "./support/EdgeWorld.ts"

const { partition } = placeOf("MuGsF6W4", "meter-1")
const all = Array.from({ length: partitionCount }, (_, at) => [at, 9] as const)

/** A handshake that was handed off to an owner that never answers; then node `c` owns everything. */
const moved = () => {
  const world = new EdgeWorld()
  const device = new TestDevice(world, "meter-1")
  const flight = device.untilKeyExchange()
  world.receive(device.peer, ...flight)
  const half = world.entries()[0]!.body
  world.placement.handle(world.now, { nodeId: "c", partitions: all, term: 1, leaving: false })
  return { device, flight, half, world }
}
const kinds = (world: EdgeWorld) => world.entries().map(({ kind, subject }) => [subject, kind])

describe("what an edge handed off", () => {
  it("goes to the partition's next owner, once, before the device's retransmission (trust F5)", () => {
    const { device, flight, half, world } = moved()
    world.pass(1_000)
    world.receive(device.peer, ...flight)
    const entries = world.entries()
    assert.deepStrictEqual(
      entries.map(({ kind, subject }) => [subject, kind]),
      [
        [Subjects.frameToNode("c"), FrameKind.RepeatedHalfHandshake],
        ...flight.map(() => [Subjects.frameToNode("c"), FrameKind.Datagram])
      ]
    )
    assert.deepStrictEqual(entries[0]!.body, half)
    world.receive(device.peer, flight[0]!)
    assert.deepStrictEqual(kinds(world), [[Subjects.frameToNode("c"), FrameKind.Datagram]])
  })

  it("is forgotten once an owner confirmed it, and when its time is over (trust F5)", () => {
    const confirmed = moved()
    confirmed.world.tell(FrameKind.Route, partition, confirmed.device.peer)
    confirmed.world.receive(confirmed.device.peer, ...confirmed.flight)
    assert.notInclude(
      kinds(confirmed.world).map(([, kind]) => kind),
      FrameKind.RepeatedHalfHandshake
    )
    const old = moved()
    old.world.now += 181_000
    old.world.receive(old.device.peer, ...old.flight)
    assert.notInclude(
      kinds(old.world).map(([, kind]) => kind),
      FrameKind.RepeatedHalfHandshake
    )
  })

  it("is bounded, in bytes each and by source: who keeps most loses first (trust F5)", () => {
    const halves = new HandedOffHalves({ halvesMax: 10, halfBytesMax: 100, millisMax: 60_000 })
    halves.keep(0, 1, 1, new Uint8Array(101))
    assert.strictEqual(halves.size, 0)
    halves.keep(0, "192.0.2.1:1", 1, new Uint8Array(100))
    for (let i = 0; i < 100; i++) halves.keep(0, `2001:db8::1:${i}`, 1, new Uint8Array(100))
    assert.strictEqual(halves.size, 10)
    halves.expire(60_001)
    assert.strictEqual(halves.size, 0)
  })
})
