import { assert, describe, it } from "@effect/vitest"
import { FrameInbox } from "../src/service/FrameInbox.ts"

const frameOf = (name: number, bytes = 100): Uint8Array => new Uint8Array(bytes).fill(name)

const inboxOf = (limits: { bytesPerTurn: number; bytesMax: number }) => {
  const handled: Array<number> = []
  const inbox = new FrameInbox((frame) => void handled.push(frame[0]!), limits)
  return { handled, inbox }
}

describe("FrameInbox", () => {
  it("handles at once what a turn has time for, and the rest in the order it came, a turn's worth at a time (trust G2)", () => {
    const { handled, inbox } = inboxOf({ bytesPerTurn: 300, bytesMax: 10_000 })
    for (let i = 0; i < 10; i++) inbox.routed(frameOf(i))
    assert.deepStrictEqual(handled, [0, 1, 2])
    assert.isTrue(inbox.turn())
    assert.deepStrictEqual(handled, [0, 1, 2, 3, 4, 5])
    inbox.routed(frameOf(10))
    assert.isTrue(inbox.turn())
    assert.isFalse(inbox.turn())
    assert.deepStrictEqual(
      handled,
      Array.from({ length: 11 }, (_, i) => i)
    )
    assert.deepStrictEqual([inbox.bytes, inbox.discarded], [0, 0])
  })

  it("keeps what waits, though the memory of the frame becomes another's (trust G2)", () => {
    const { handled, inbox } = inboxOf({ bytesPerTurn: 1, bytesMax: 10_000 })
    inbox.routed(frameOf(1))
    const lent = frameOf(2)
    inbox.routed(lent)
    lent.fill(0xee)
    inbox.turn()
    assert.deepStrictEqual(handled, [1, 2])
  })

  it("handles datagrams of known devices before those that every node was asked about (trust G2)", () => {
    const { handled, inbox } = inboxOf({ bytesPerTurn: 200, bytesMax: 10_000 })
    for (let i = 0; i < 10; i++) inbox.unrouted(frameOf(100 + i))
    for (let i = 0; i < 3; i++) inbox.routed(frameOf(i))
    assert.deepStrictEqual(handled, [100, 101])
    inbox.turn()
    inbox.turn()
    assert.deepStrictEqual(handled, [100, 101, 0, 1, 2, 102])
  })

  it("discards the oldest frames above its bytes, and counts them (trust G2)", () => {
    const { handled, inbox } = inboxOf({ bytesPerTurn: 1, bytesMax: 500 })
    for (let i = 0; i < 5000; i++) inbox.routed(frameOf(i % 250))
    assert.strictEqual(inbox.bytes, 500)
    assert.strictEqual(inbox.discarded, 4994)
    while (inbox.turn());
    assert.deepStrictEqual(handled, [0, 245, 246, 247, 248, 249])
  })

  it("counts what came while the node did not serve, and what waited then (trust G2)", () => {
    const { handled, inbox } = inboxOf({ bytesPerTurn: 1, bytesMax: 500 })
    for (let i = 0; i < 4; i++) inbox.routed(frameOf(i))
    inbox.unrouted(frameOf(9))
    inbox.discard(1)
    assert.deepStrictEqual([inbox.bytes, inbox.discarded, handled.length], [0, 5, 1])
  })
})
