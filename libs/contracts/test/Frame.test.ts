import { assert, describe, it } from "@effect/vitest"
import { seededRandom } from "@roost/random"
import { FrameKind, FrameReader, FrameWriter, parsePeerAddress } from "../src/index.ts"

const v4 = parsePeerAddress("192.0.2.200", 40_001)!
const v6 = parsePeerAddress("2001:db8::7", 5684)!
const bytes = (...values: Array<number>) => Uint8Array.from(values)

const readAll = (frame: Uint8Array) => {
  const reader = new FrameReader(frame)
  const entries: Array<{ kind: number; partition: number; peer: number | string; body: Array<number> }> = []
  while (reader.next()) {
    entries.push({ kind: reader.kind, partition: reader.partition, peer: reader.peer.key, body: [...reader.body] })
  }
  return { origin: reader.origin, malformed: reader.malformed, entries }
}

describe("Frame", () => {
  it("carries entries of both address families in order", () => {
    const writer = new FrameWriter("edge0001")
    writer.add(FrameKind.Datagram, 7, v4, bytes(1, 2, 3))
    writer.add(FrameKind.Send, 511, v6, bytes())
    const offset = writer.reserve(FrameKind.Send, 3, v4, 100)
    writer.buffer.set(bytes(9, 9), offset)
    writer.commit(2)
    assert.strictEqual(writer.entries, 3)
    assert.deepStrictEqual(readAll(writer.take()), {
      origin: "edge0001",
      malformed: false,
      entries: [
        { kind: FrameKind.Datagram, partition: 7, peer: v4.key, body: [1, 2, 3] },
        { kind: FrameKind.Send, partition: 511, peer: v6.key, body: [] },
        { kind: FrameKind.Send, partition: 3, peer: v4.key, body: [9, 9] }
      ]
    })
  })

  it("starts anew after take and leaves the taken frame alone", () => {
    const writer = new FrameWriter("n")
    writer.add(FrameKind.Send, 1, v4, bytes(1))
    const first = writer.take()
    writer.add(FrameKind.Send, 2, v4, bytes(2))
    const bodies = (frame: Uint8Array) => readAll(frame).entries.map((entry) => entry.body)
    assert.deepStrictEqual(bodies(first), [[1]])
    assert.deepStrictEqual(bodies(writer.take()), [[2]])
  })

  it("grows past its first buffer", () => {
    const writer = new FrameWriter("n")
    for (let i = 0; i < 100; i++) writer.add(FrameKind.Datagram, i, v4, new Uint8Array(1200).fill(i))
    const { entries } = readAll(writer.take())
    assert.strictEqual(entries.length, 100)
    assert.isTrue(entries.every((entry, i) => entry.body.length === 1200 && entry.body[0] === i))
  })

  it("gives the whole entries before a cut and says malformed, at every length", () => {
    const writer = new FrameWriter("edge0001")
    writer.add(FrameKind.Datagram, 7, v4, bytes(1, 2, 3))
    const one = writer.length
    writer.add(FrameKind.Datagram, 8, v6, bytes(4, 5))
    const frame = writer.take()
    for (let length = 0; length < frame.length; length++) {
      const read = readAll(frame.subarray(0, length))
      const whole = length === 10 || length === one
      assert.strictEqual(read.malformed, !whole, `cut at ${length}`)
      assert.strictEqual(read.entries.length, length >= one ? 1 : 0)
    }
  })

  it("does not throw on noise", () => {
    const numbers = seededRandom(1)
    const random = () => Math.floor(numbers() * 256)
    for (let i = 0; i < 20_000; i++) {
      const noise = Uint8Array.from({ length: random() % 64 }, random)
      if (i % 2 === 0) noise[0] = 1
      readAll(noise)
    }
  })
})
