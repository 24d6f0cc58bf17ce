import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import {
  emptyReplayWindow,
  isReplay,
  markReceived,
  raiseFloor,
  replayWindowRecords
} from "../../src/record/ReplayWindow.ts"

const receive = (...sequences: ReadonlyArray<number>) => {
  const window = emptyReplayWindow()
  for (const sequence of sequences) markReceived(window, sequence)
  return window
}

describe("RFC 6347 §4.1.2.6", () => {
  it("the edges of the window: 63 behind is judged, 64 behind is too old (F8)", () => {
    const window = receive(0, 100)
    assert.isFalse(isReplay(window, 100 - 63))
    assert.isTrue(isReplay(window, 100 - 64))
    assert.isTrue(isReplay(window, 100 - 65))
    markReceived(window, 100 - 63)
    assert.isTrue(isReplay(window, 100 - 63))
  })

  it("the last sequence number there is (F8)", () => {
    const window = receive(2 ** 48 - 2, 2 ** 48 - 1)
    assert.isTrue(isReplay(window, 2 ** 48 - 1))
    assert.isFalse(isReplay(window, 2 ** 48 - 3))
  })

  it.prop(
    "agrees with a set of all that was received",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 })))],
    ([sequences]) => {
      const window = emptyReplayWindow()
      const received = new Set<number>()
      let highest = -1
      for (const sequence of sequences) {
        const replay = received.has(sequence) || highest - sequence >= replayWindowRecords
        assert.strictEqual(isReplay(window, sequence), replay)
        if (replay) continue
        assert.strictEqual(markReceived(window, sequence), sequence > highest)
        received.add(sequence)
        highest = Math.max(highest, sequence)
      }
    }
  )

  it.prop(
    "a raised floor makes everything up to it a replay and judges the rest as before (F8)",
    [
      Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 }))),
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 }))
    ],
    ([sequences, floor]) => {
      const window = emptyReplayWindow()
      for (const sequence of sequences) if (!isReplay(window, sequence)) markReceived(window, sequence)
      const before = { ...window }
      raiseFloor(window, floor)
      assert.strictEqual(window.highest, Math.max(before.highest, floor))
      for (let sequence = 0; sequence <= 280; sequence++) {
        const tooOld = window.highest - sequence >= replayWindowRecords
        assert.strictEqual(isReplay(window, sequence), sequence <= floor || tooOld || isReplay(before, sequence))
      }
    }
  )
})
