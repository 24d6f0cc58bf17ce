import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { calmMillis, settleMillis, StoreTrouble } from "../src/internal/StoreTrouble.ts"

describe("a store that refuses", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const heard = (trouble: StoreTrouble) => {
    const events: Array<string> = []
    const stop = trouble.listen({
      began: () => events.push("began"),
      over: (last) => events.push(last ? "over, last" : "over")
    })
    return { events, stop }
  }

  it("is over once it has not refused for a while, and is told so twice", () => {
    const trouble = new StoreTrouble()
    const { events } = heard(trouble)
    for (let i = 0; i < 10; i++) {
      trouble.note()
      vi.advanceTimersByTime(calmMillis - 1)
    }
    assert.deepStrictEqual(events, ["began"])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(events, ["began", "over"])
    vi.advanceTimersByTime(settleMillis)
    assert.deepStrictEqual(events, ["began", "over", "over, last"])
    vi.advanceTimersByTime(10 * settleMillis)
    assert.strictEqual(events.length, 3)
  })

  it("has views read no more often than every thirty seconds, however often it refuses", () => {
    const trouble = new StoreTrouble()
    const { events } = heard(trouble)
    for (let seconds = 0; seconds < 300; seconds += 5) {
      trouble.note()
      vi.advanceTimersByTime(5_000)
    }
    assert.isAtMost(events.filter((event) => event.startsWith("over")).length, 300_000 / settleMillis + 1)
    assert.include(events, "over")
  })

  it("is heard by nobody who has stopped listening, nor behind the end of its connection", () => {
    const trouble = new StoreTrouble()
    const { events, stop } = heard(trouble)
    stop()
    trouble.note()
    const other = heard(trouble)
    trouble.close()
    vi.advanceTimersByTime(10 * settleMillis)
    assert.deepStrictEqual([...events, ...other.events], [])
  })
})
