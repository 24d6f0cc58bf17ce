import { describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
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
    expect(isReplay(window, 100 - 63)).toBe(false)
    expect(isReplay(window, 100 - 64)).toBe(true)
    expect(isReplay(window, 100 - 65)).toBe(true)
    markReceived(window, 100 - 63)
    expect(isReplay(window, 100 - 63)).toBe(true)
  })

  it("the last sequence number there is (F8)", () => {
    const window = receive(2 ** 48 - 2, 2 ** 48 - 1)
    expect(isReplay(window, 2 ** 48 - 1)).toBe(true)
    expect(isReplay(window, 2 ** 48 - 3)).toBe(false)
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
        expect(isReplay(window, sequence)).toBe(replay)
        if (replay) continue
        expect(markReceived(window, sequence)).toBe(sequence > highest)
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
      expect(window.highest).toBe(Math.max(before.highest, floor))
      for (let sequence = 0; sequence <= 280; sequence++) {
        const tooOld = window.highest - sequence >= replayWindowRecords
        expect(isReplay(window, sequence)).toBe(sequence <= floor || tooOld || isReplay(before, sequence))
      }
    }
  )
})
