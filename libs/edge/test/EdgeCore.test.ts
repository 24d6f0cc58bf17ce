import { assert, describe, it } from "@effect/vitest"
import { FrameKind, frameStamp, frameStampHeader, readFrameStamp, Subjects } from "@roost/contracts"
import { ContentType } from "@roost/dtls"
import { EdgeWorld, partitionOfMeter1 as partition, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"
import { cid, protectedRecord } from "./support/Records.ts"

describe("EdgeCore: what is no DTLS", () => {
  const noise: Record<string, ReadonlyArray<number>> = {
    "an empty datagram": [],
    "a NAT keep-alive of one byte": [0],
    "plaintext CoAP": [0x40, 0x01, 0x12, 0x34, 0xbb, 0x2e, 0x77, 0x65, 0x6c, 0x6c, 0x6b, 0x6e, 0x6f, 0x77, 0x6e],
    "a STUN binding request": [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...Array.from({ length: 12 }, () => 7)],
    "a QUIC long header": [0xc3, 0, 0, 0, 1, 8, ...Array.from({ length: 30 }, () => 9)],
    "TLS over TCP's version": [22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    "DTLS 1.3's unified header": [0x2c, 1, 0, 1, 0, 20, ...Array.from({ length: 20 }, () => 3)],
    "content type 26": [26, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    "a DTLS minor version that does not exist": [23, 0xfe, 0xfc, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    "half a record header": [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  }
  for (const [name, bytes] of Object.entries(noise)) {
    it(`drops ${name} in silence (C16)`, () => {
      const world = new EdgeWorld()
      world.receive(peerOf(1), Uint8Array.from(bytes))
      assert.deepStrictEqual([world.replies(), world.entries()], [[], []])
      assert.deepStrictEqual([...world.core.counters.dropped], [[bytes.length > 1 ? "NotDtls" : "KeepAlive", 1]])
    })
  }

  for (const contentType of [ContentType.alert, ContentType.application_data]) {
    it(`drops content type ${contentType} of epoch 0, also on a live session (D2, D17)`, () => {
      const world = new EdgeWorld()
      const device = new TestDevice(world, "meter-1")
      device.connect()
      const plaintext = protectedRecord(contentType)
      plaintext[4] = 0
      world.receive(device.peer, plaintext)
      assert.deepStrictEqual([world.replies(), world.entries()], [[], []])
      assert.strictEqual(world.core.counters.dropped.get("Unprotected"), 1)
    })
  }
})

describe("EdgeCore: strangers", () => {
  it("drops what is longer than a stranger needs, and carries what a device sends (trust A5)", () => {
    const world = new EdgeWorld({ strangerBytesMax: 2048 })
    const long = (contentType: number, epoch: number): Uint8Array => {
      const datagram = new Uint8Array(65_000)
      datagram.set(protectedRecord(contentType, cid))
      datagram[4] = epoch
      return datagram
    }
    const strange = [long(22, 0), long(20, 0), long(22, 1), long(20, 1), long(21, 1), long(23, 1), long(25, 1)]
    for (const datagram of strange) world.receive(peerOf(1), datagram)
    const shaking = new TestDevice(world, "meter-1", {}, peerOf(2))
    const flight = shaking.untilKeyExchange()
    for (const datagram of strange) world.receive(peerOf(2), datagram)
    world.receive(peerOf(2), ...flight)
    world.entries()
    for (const datagram of strange) world.receive(peerOf(2), datagram)
    assert.deepStrictEqual([world.entries(), world.replies()], [[], []])
    assert.strictEqual(world.core.counters.dropped.get("StrangerTooLarge"), 21)
    world.tell(FrameKind.Route, 3, peerOf(3), Uint8Array.from(cid))
    world.receive(peerOf(3), long(23, 1), long(25, 1))
    assert.strictEqual(world.entries().length, 2)
  })
})

describe("EdgeCore: frames", () => {
  it("batches a turn's datagrams into one frame per node", () => {
    const world = new EdgeWorld()
    for (let port = 1; port <= 40; port++) {
      world.tell(FrameKind.Route, port <= 20 ? 3 : 300, peerOf(port))
      world.receive(peerOf(port), protectedRecord(ContentType.application_data))
    }
    world.core.flush()
    assert.deepStrictEqual(
      world.frames.map(({ subject }) => subject),
      [Subjects.frameToNode("a"), Subjects.frameToNode("b")]
    )
    assert.strictEqual(world.entries().length, 40)
    assert.deepStrictEqual([world.core.counters.framesOut, world.core.counters.entriesOut], [2, 40])
    world.core.flush()
    assert.deepStrictEqual(world.frames, [])
  })

  it("sends a frame that is full before the turn ends", () => {
    const world = new EdgeWorld()
    world.tell(FrameKind.Route, 3, peerOf(1))
    const large = new Uint8Array(60_000)
    large.set(protectedRecord(ContentType.application_data))
    for (let i = 0; i < 10; i++) world.receive(peerOf(1), large)
    assert.strictEqual(world.frames.length, 2)
    assert.strictEqual(world.entries().length, 10)
  })

  it("counts what the bus refused and does not send it later", () => {
    const world = new EdgeWorld()
    world.tell(FrameKind.Route, 3, peerOf(1))
    world.busAvailable = false
    world.receive(peerOf(1), protectedRecord(ContentType.application_data))
    world.core.flush()
    world.busAvailable = true
    assert.deepStrictEqual(world.entries(), [])
    assert.strictEqual(world.core.counters.dropped.get("BusUnavailable"), 1)
  })

  it("counts frames that are not well-formed and entries that are not for an edge", () => {
    const world = new EdgeWorld()
    world.core.handleFrame(world.now, Uint8Array.of(9, 9, 9))
    world.tell(FrameKind.Datagram, 3, peerOf(1))
    assert.strictEqual(world.core.counters.framesMalformed, 2)
  })
})

describe("EdgeCore: times", () => {
  it("measures an uplink from its datagram to the answer that brings the frame's stamp back, and no other datagram", () => {
    const world = new EdgeWorld()
    const times: Array<number> = []
    world.core.counters.uplink = { observe: (seconds) => times.push(seconds) }
    const device = new TestDevice(world, "meter-1")
    device.connect()
    world.entries()
    world.receive(device.peer, protectedRecord(ContentType.application_data))
    world.now += 7
    world.receive(device.peer, protectedRecord(ContentType.application_data))
    world.core.flush()
    const [frame, ...others] = world.frames.splice(0)
    assert.deepStrictEqual(others, [])
    const stamp = readFrameStamp(frame!.headers.slice(frameStampHeader.length + 2).trim())
    assert.strictEqual(stamp, frameStamp(world.now - 7), "of the first datagram")
    world.now += 30
    world.tell(FrameKind.Send, stamp, device.peer, Uint8Array.of(1))
    world.tell(FrameKind.Send, partition, device.peer, Uint8Array.of(2))
    assert.deepStrictEqual(times, [0.037])
    // The clock of the stamp has begun anew meanwhile.
    world.tell(FrameKind.Send, frameStamp(world.now - 20_000), device.peer, Uint8Array.of(3))
    assert.deepStrictEqual(times, [0.037, 20])
    // Of another edge, whose clock is ahead.
    world.tell(FrameKind.Send, frameStamp(world.now + 40), device.peer, Uint8Array.of(4))
    assert.deepStrictEqual(times, [0.037, 20])
  })

  it("measures how long a device takes from ServerHello to its key exchange", () => {
    const world = new EdgeWorld()
    const times: Array<number> = []
    world.core.counters.keyExchange = { observe: (seconds) => times.push(seconds) }
    const device = new TestDevice(world, "meter-1")
    const flight = device.untilKeyExchange()
    world.now += 9_000
    world.receive(device.peer, ...flight)
    assert.deepStrictEqual(times, [9])
  })

  for (const [said, read] of [
    [undefined, 0],
    ["", 0],
    ["12", 0],
    ["32768", 32768],
    ["65535", 65535],
    ["65536", 0],
    ["40000.5", 0],
    ["x", 0]
  ] as const) {
    it(`reads ${JSON.stringify(said)} of a frame's header as ${read}`, () => {
      assert.strictEqual(readFrameStamp(said), read)
    })
  }
})
