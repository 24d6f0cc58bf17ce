import { describe, expect, it } from "vitest"
import {
  fragmentHandshake,
  type HandshakeFragment,
  HandshakeType,
  readHandshakeFragment
} from "../../src/handshake/Header.ts"
import { Reassembly } from "../../src/handshake/Reassembly.ts"

const limits = { messageBytesMax: 64, messagesAheadMax: 2 }
const body = Uint8Array.from({ length: 20 }, (_, i) => i)

const fragment = (
  fragmentOffset: number,
  bytes: Uint8Array,
  { length = body.length, messageSeq = 0, type = HandshakeType.client_key_exchange as number } = {}
): HandshakeFragment => ({ type, length, messageSeq, fragmentOffset, fragment: bytes, next: 0 })

describe("RFC 6347 §4.2.3", () => {
  it.each([1, 2, 7, 19, 20, 100])("a message cut into pieces of %i bytes comes back, in any order", (step) => {
    const pieces = fragmentHandshake({ type: HandshakeType.client_key_exchange, messageSeq: 0, body }, step + 12)
    const reassembly = new Reassembly(limits)
    for (const piece of pieces.toReversed()) {
      expect(reassembly.take()).toBeUndefined()
      expect(reassembly.add(readHandshakeFragment(piece, 0)!)).toBe("Kept")
    }
    expect(reassembly.take()).toEqual({ type: HandshakeType.client_key_exchange, messageSeq: 0, body })
    expect(reassembly.take()).toBeUndefined()
    expect(reassembly.nextSeq).toBe(1)
  })

  it("takes overlapping fragments of different sizes", () => {
    const reassembly = new Reassembly(limits)
    for (const [from, to] of [
      [0, 8],
      [4, 12],
      [2, 6],
      [10, 20]
    ] as const) {
      reassembly.add(fragment(from, body.subarray(from, to)))
    }
    expect(reassembly.take()?.body).toEqual(body)
  })

  it("an empty message is complete with its header", () => {
    const reassembly = new Reassembly(limits)
    reassembly.add(fragment(0, new Uint8Array(0), { length: 0 }))
    expect(reassembly.take()?.body).toHaveLength(0)
  })
})

it("zero-length fragments of a message that is not empty keep nothing (CVE-2022-29190, F1)", () => {
  const reassembly = new Reassembly(limits)
  for (const offset of [0, 5, 20]) expect(reassembly.add(fragment(offset, new Uint8Array(0)))).toBe("Ignored")
  reassembly.add(fragment(0, body.subarray(0, 5)))
  expect(reassembly.add(fragment(5, new Uint8Array(0)))).toBe("Ignored")
  expect(reassembly.take()).toBeUndefined()
})

it("keeps nothing of a message that is too large or too far ahead (CVE-2022-29189, F2)", () => {
  const reassembly = new Reassembly(limits)
  expect(reassembly.add(fragment(0, body, { length: 65 }))).toBe("Ignored")
  expect(reassembly.add(fragment(0, body, { length: 2 ** 24 - 1 }))).toBe("Ignored")
  expect(reassembly.add(fragment(0, body, { messageSeq: 3 }))).toBe("Ignored")
  expect(reassembly.add(fragment(0, body, { messageSeq: 0xffff }))).toBe("Ignored")
  expect(reassembly.add(fragment(0, body, { messageSeq: 2 }))).toBe("Kept")
})

it("does not merge fragments of different messages, types or lengths (F3)", () => {
  const reassembly = new Reassembly(limits)
  reassembly.add(fragment(0, body.subarray(0, 10)))
  expect(reassembly.add(fragment(10, body.subarray(10), { type: HandshakeType.finished }))).toBe("Contradicts")
  expect(reassembly.add(fragment(10, body.subarray(10), { length: 21 }))).toBe("Contradicts")
  expect(reassembly.add(fragment(10, body.subarray(10), { messageSeq: 1 }))).toBe("Kept")
  expect(reassembly.take()).toBeUndefined()
})

it("an overlap with other content changes nothing, the message completes by an honest retransmission (F4)", () => {
  const reassembly = new Reassembly(limits)
  reassembly.add(fragment(0, body.subarray(0, 10)))
  const lie = body.slice(5, 20)
  lie[0]! ^= 0xff
  expect(reassembly.add(fragment(5, lie))).toBe("Contradicts")
  expect(reassembly.add(fragment(0, body))).toBe("Kept")
  expect(reassembly.take()?.body).toEqual(body)
})

it("a fragment past the end of its message or of its record is no fragment (F4)", () => {
  const [whole] = fragmentHandshake({ type: 16, messageSeq: 0, body }, 100)
  const outside = whole!.slice()
  outside[8] = 1
  expect(readHandshakeFragment(outside, 0)).toBeUndefined()
  for (let length = 0; length < whole!.length; length++) {
    expect(readHandshakeFragment(whole!.subarray(0, length), 0)).toBeUndefined()
  }
})

it("tells a repeated message from a new one, so that the last flight can be sent again (RFC 6347 §4.2.4)", () => {
  const reassembly = new Reassembly(limits)
  reassembly.add(fragment(0, body))
  reassembly.take()
  expect(reassembly.add(fragment(0, body))).toBe("Past")
})
