import { assert, describe, it } from "vitest"
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
      assert.isUndefined(reassembly.take())
      assert.strictEqual(reassembly.add(readHandshakeFragment(piece, 0)!), "Kept")
    }
    assert.deepStrictEqual(reassembly.take(), { type: HandshakeType.client_key_exchange, messageSeq: 0, body })
    assert.isUndefined(reassembly.take())
    assert.strictEqual(reassembly.nextSeq, 1)
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
    assert.deepStrictEqual(reassembly.take()?.body, body)
  })

  it("an empty message is complete with its header", () => {
    const reassembly = new Reassembly(limits)
    reassembly.add(fragment(0, new Uint8Array(0), { length: 0 }))
    assert.lengthOf(reassembly.take()!.body, 0)
  })
})

it("zero-length fragments of a message that is not empty keep nothing (CVE-2022-29190, F1)", () => {
  const reassembly = new Reassembly(limits)
  for (const offset of [0, 5, 20]) assert.strictEqual(reassembly.add(fragment(offset, new Uint8Array(0))), "Ignored")
  reassembly.add(fragment(0, body.subarray(0, 5)))
  assert.strictEqual(reassembly.add(fragment(5, new Uint8Array(0))), "Ignored")
  assert.isUndefined(reassembly.take())
})

it("keeps nothing of a message that is too large or too far ahead (CVE-2022-29189, F2)", () => {
  const reassembly = new Reassembly(limits)
  assert.strictEqual(reassembly.add(fragment(0, body, { length: 65 })), "Ignored")
  assert.strictEqual(reassembly.add(fragment(0, body, { length: 2 ** 24 - 1 })), "Ignored")
  assert.strictEqual(reassembly.add(fragment(0, body, { messageSeq: 3 })), "Ignored")
  assert.strictEqual(reassembly.add(fragment(0, body, { messageSeq: 0xffff })), "Ignored")
  assert.strictEqual(reassembly.add(fragment(0, body, { messageSeq: 2 })), "Kept")
})

it("does not merge fragments of different messages, types or lengths (F3)", () => {
  const reassembly = new Reassembly(limits)
  reassembly.add(fragment(0, body.subarray(0, 10)))
  assert.strictEqual(reassembly.add(fragment(10, body.subarray(10), { type: HandshakeType.finished })), "Contradicts")
  assert.strictEqual(reassembly.add(fragment(10, body.subarray(10), { length: 21 })), "Contradicts")
  assert.strictEqual(reassembly.add(fragment(10, body.subarray(10), { messageSeq: 1 })), "Kept")
  assert.isUndefined(reassembly.take())
})

it("an overlap with other content changes nothing, the message completes by an honest retransmission (F4)", () => {
  const reassembly = new Reassembly(limits)
  reassembly.add(fragment(0, body.subarray(0, 10)))
  const lie = body.slice(5, 20)
  lie[0]! ^= 0xff
  assert.strictEqual(reassembly.add(fragment(5, lie)), "Contradicts")
  assert.strictEqual(reassembly.add(fragment(0, body)), "Kept")
  assert.deepStrictEqual(reassembly.take()?.body, body)
})

it("a fragment past the end of its message or of its record is no fragment (F4)", () => {
  const [whole] = fragmentHandshake({ type: 16, messageSeq: 0, body }, 100)
  const outside = whole!.slice()
  outside[8] = 1
  assert.isUndefined(readHandshakeFragment(outside, 0))
  for (let length = 0; length < whole!.length; length++) {
    assert.isUndefined(readHandshakeFragment(whole!.subarray(0, length), 0))
  }
})

it("tells a repeated message from a new one, so that the last flight can be sent again (RFC 6347 §4.2.4)", () => {
  const reassembly = new Reassembly(limits)
  reassembly.add(fragment(0, body))
  reassembly.take()
  assert.strictEqual(reassembly.add(fragment(0, body)), "Past")
})
