import { assert, describe, it } from "@effect/vitest"
import { FrameKind, parsePeerAddress, partitionCount, type PeerAddress, Subjects } from "@roost/contracts"
import { HandedOffHalves } from "../src/HandedOffHalves.ts"
import { EdgeWorld, partitionOfMeter1 as partition, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"

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
  it("goes to the partition's next owner before the device's retransmission (trust F5)", () => {
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

  for (const fate of ["is discarded by its owner", "meets a bus that is away"] as const) {
    it(`goes to the same owner again with each retransmission if it ${fate}, until that confirms it`, () => {
      const world = new EdgeWorld()
      const device = new TestDevice(world, "meter-1")
      const flight = device.untilKeyExchange()
      world.busAvailable = fate === "is discarded by its owner"
      world.receive(device.peer, ...flight)
      const owner = Subjects.frameToNode(world.placement.ownerOf(partition)!)
      world.entries()
      world.busAvailable = true
      for (let tries = 0; tries < 6; tries++) {
        // The owner's answer to a flight of which it knows nothing.
        world.tell(FrameKind.Doubt, 0, device.peer)
        world.pass(1_000 * 2 ** tries)
        world.receive(device.peer, ...flight)
        const given = world.entries()
        assert.deepStrictEqual(
          given.filter(({ kind }) => kind === FrameKind.RepeatedHalfHandshake).map(({ subject }) => subject),
          [owner]
        )
        assert.strictEqual(given[0]!.kind, FrameKind.RepeatedHalfHandshake)
      }
      world.tell(FrameKind.Route, partition, device.peer)
      world.pass(1_000)
      world.receive(device.peer, ...flight)
      assert.deepStrictEqual(
        kinds(world),
        flight.map(() => [owner, FrameKind.Datagram])
      )
    })
  }

  it("goes to an owner ten times at most, whatever comes from its address, and to the next one at once", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    world.receive(device.peer, ...flight)
    const halves = () =>
      world.entries().filter(({ kind }) => kind === FrameKind.HalfHandshake || kind === FrameKind.RepeatedHalfHandshake)
    let given = halves().length
    for (let seconds = 0; seconds < 179; seconds += 0.1) {
      world.now += 100
      world.receive(device.peer, flight.at(-1)!)
      given += halves().length
    }
    assert.isAtMost(given, 10)
    world.placement.handle(world.now, { nodeId: "c", partitions: all, term: 1, leaving: false })
    world.receive(device.peer, flight.at(-1)!)
    assert.strictEqual(halves().length, 1)
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

  it("of a resumption is what its owner answered (trust F5)", () => {
    for (const how of ["confirmed", "lost", "late"] as const) {
      const world = new EdgeWorld()
      const first = new TestDevice(world, "meter-1")
      first.connect()
      const device = new TestDevice(world, "meter-1", { resume: first.client.session }, peerOf(50_000))
      world.receive(device.peer, ...device.start())
      world.receive(device.peer, ...device.take(world.replies()))
      const owner = world.placement.ownerOf(partition)!
      const next = () => world.placement.handle(world.now, { nodeId: "c", partitions: all, term: 1, leaving: false })
      // The answer of an owner that has lost the partition meanwhile is the next one's all the same.
      if (how === "late") next()
      const answered = new Uint8Array(200).fill(7)
      world.tell(FrameKind.ResumeTaken, partition, device.peer, answered, owner)
      if (how === "confirmed") world.tell(FrameKind.Route, partition, device.peer)
      next()
      world.entries()
      const flight = Uint8Array.of(20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 1)
      world.receive(device.peer, flight, flight)
      const entries = world.entries()
      assert.deepStrictEqual(
        entries.map(({ kind, subject }) => [subject, kind]),
        [
          ...(how === "confirmed" ? [] : [[Subjects.frameToNode("c"), FrameKind.RepeatedResumeHello]]),
          [Subjects.frameToNode("c"), FrameKind.Datagram],
          [Subjects.frameToNode("c"), FrameKind.Datagram]
        ]
      )
      if (how !== "confirmed") assert.deepStrictEqual(entries[0]!.body, answered)
    }
  })

  it("of a device that moved during its handshake goes on under the address that it proved (trust F5)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1", { connectionId: new Uint8Array(0) })
    const flight = device.untilKeyExchange()
    const elsewhere = peerOf(41_000)
    world.receive(elsewhere, ...flight)
    assert.deepStrictEqual(
      world.entries().map(({ kind, peer }) => [kind, peer.key]),
      [
        [FrameKind.HalfHandshake, device.peer.key],
        [FrameKind.Datagram, elsewhere.key]
      ]
    )
    world.placement.handle(world.now, { nodeId: "c", partitions: all, term: 1, leaving: false })
    world.receive(elsewhere, ...flight)
    assert.deepStrictEqual(
      world.entries().map(({ kind, peer }) => [kind, peer.key]),
      [
        [FrameKind.RepeatedHalfHandshake, device.peer.key],
        [FrameKind.Datagram, elsewhere.key]
      ]
    )
    world.tell(FrameKind.Route, partition, device.peer)
    world.announce("a", 0, partitionCount - 1)
    world.receive(elsewhere, ...flight)
    assert.notInclude(
      world.entries().map(({ kind }) => kind),
      FrameKind.RepeatedHalfHandshake
    )
  })

  it("is bounded, in bytes each and by source: who keeps most loses first (trust F5)", () => {
    const halves = new HandedOffHalves({ halvesMax: 10, halfBytesMax: 100, halfQuietMillis: 500, millisMax: 60_000 })
    const keep = (peer: PeerAddress, bytes: number) =>
      halves.keep(0, 3, 1, { kind: FrameKind.RepeatedHalfHandshake, peer, body: new Uint8Array(bytes) })
    keep(parsePeerAddress("192.0.2.1", 1)!, 101)
    assert.strictEqual(halves.size, 0)
    keep(parsePeerAddress("192.0.2.1", 1)!, 100)
    for (let i = 0; i < 100; i++) keep(parsePeerAddress("2001:db8::1", 1 + i)!, 100)
    assert.strictEqual(halves.size, 10)
    halves.expire(60_001)
    assert.strictEqual(halves.size, 0)
  })
})
