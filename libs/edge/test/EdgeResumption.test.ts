import { assert, describe, it } from "@effect/vitest"
import { FrameKind, Subjects } from "@roost/contracts"
import { ContentType } from "@roost/dtls"
import { EdgeWorld, ownerOfMeter1 as owner, partitionOfMeter1 as partition, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"
import { protectedRecord } from "./support/Records.ts"

describe("EdgeHandshakes: resumption", () => {
  const resuming = () => {
    const world = new EdgeWorld()
    const first = new TestDevice(world, "meter-1")
    first.connect()
    const device = new TestDevice(world, "meter-1", { resume: first.client.session }, peerOf(50_000))
    world.receive(device.peer, ...device.start())
    world.receive(device.peer, ...device.take(world.replies()))
    return { world, device }
  }

  it("asks every node for a session id that Roost issued", () => {
    const { device, world } = resuming()
    assert.deepStrictEqual(
      world.entries().map(({ kind, peer, subject }) => [subject, kind, peer]),
      [[Subjects.frameToNodes, FrameKind.ResumeHello, device.peer]]
    )
    assert.deepStrictEqual(world.replies(), [])
  })

  it("goes on with a full handshake when nobody answered in time", () => {
    const { device, world } = resuming()
    world.pass(899)
    assert.deepStrictEqual(world.replies(), [])
    world.pass(1)
    world.entries()
    world.receive(device.peer, ...device.take(world.replies()))
    assert.deepStrictEqual(
      world.entries().map(({ kind }) => kind),
      [FrameKind.HalfHandshake]
    )
    assert.strictEqual(world.core.counters.resumesMissed, 1)
  })

  it("goes on at once when every node said that it knows nothing of the session id", () => {
    const { device, world } = resuming()
    world.entries()
    const unknown = (from: string) => world.tell(FrameKind.ResumeUnknown, 0, device.peer, undefined, from)
    unknown("a")
    unknown("a")
    assert.deepStrictEqual(world.replies(), [])
    unknown("b")
    world.receive(device.peer, ...device.take(world.replies()))
    assert.deepStrictEqual(
      world.entries().map(({ kind }) => kind),
      [FrameKind.HalfHandshake]
    )
    unknown("b")
    world.pass(900)
    assert.deepStrictEqual(world.replies(), [])
    assert.strictEqual(world.core.counters.resumesMissed, 1)
  })

  it("sends the rest of the handshake to the actor that took it", () => {
    const { device, world } = resuming()
    world.entries()
    world.tell(FrameKind.ResumeTaken, partition, device.peer)
    world.pass(900)
    assert.deepStrictEqual(world.replies(), [])
    world.receive(device.peer, protectedRecord(ContentType.handshake))
    assert.deepStrictEqual(
      world.entries().map(({ kind, partition, subject }) => [subject, kind, partition]),
      [[owner, FrameKind.Datagram, partition]]
    )
    assert.deepStrictEqual(world.core.gauges, {
      routesByCid: 0,
      routesByPeer: 1,
      handedOff: 1,
      handshakes: 0,
      resumes: 0
    })
  })

  it("ignores an answer that comes too late", () => {
    const { device, world } = resuming()
    world.pass(900)
    world.tell(FrameKind.ResumeTaken, partition, device.peer)
    assert.strictEqual(world.core.gauges.handedOff, 0)
    assert.strictEqual(world.core.gauges.handshakes, 1)
  })

  const resumeFrom = (world: EdgeWorld, peer: ReturnType<typeof peerOf>, first: TestDevice) => {
    const device = new TestDevice(world, "meter-1", { resume: first.client.session }, peer)
    world.receive(peer, ...device.start())
    world.receive(peer, ...device.take(world.replies()))
    return device
  }

  it("looks for no more than the named number at once: the source with the most goes on without first (trust A4)", () => {
    const world = new EdgeWorld({ resumesMax: 10 })
    const first = new TestDevice(world, "meter-1")
    first.connect()
    world.replies()
    resumeFrom(world, peerOf(1000, "198.51.100.1"), first)
    for (let port = 1000; port < 1100; port++) resumeFrom(world, peerOf(port), first)
    assert.strictEqual(world.core.gauges.resumes, 10)
    assert.strictEqual(world.core.counters.dropped.get("ResumesFull"), 91)
    world.replies()
    world.tell(FrameKind.ResumeTaken, partition, peerOf(1000, "198.51.100.1"))
    assert.strictEqual(world.core.counters.resumesTaken, 1, "the one with one entry is still looked for")
  })

  it("asks every node for no more resumptions of a source, and of all, than the named rates (trust A4)", () => {
    const world = new EdgeWorld({ resumesPerSourceSecondMax: 5, resumesPerSourceBurstMax: 20, resumesPerSecondMax: 30 })
    const first = new TestDevice(world, "meter-1")
    first.connect()
    world.entries()
    const asked = () => world.entries().filter(({ kind }) => kind === FrameKind.ResumeHello).length
    for (let port = 1000; port < 1100; port++) resumeFrom(world, peerOf(port), first)
    assert.strictEqual(asked(), 20)
    assert.strictEqual(world.core.counters.dropped.get("ResumesRate"), 80)
    for (let port = 1000; port < 1100; port++) resumeFrom(world, peerOf(port, "198.51.100.1"), first)
    assert.strictEqual(asked(), 10)
    world.pass(1000)
    const late = resumeFrom(world, peerOf(3000), first)
    assert.strictEqual(asked(), 1)
    assert.isUndefined(late.client.session)
  })
})
