import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { calmMillisMax, Ticker, tickMillis } from "../src/index.ts"

/** When it ticked, and what it says is due; milliseconds of simulated time. */
const tickerOf = (due: { at: number }) => {
  const ticks: Array<number> = []
  const ticker = new Ticker(
    () => {
      ticks.push(Date.now())
      if (due.at <= Date.now()) due.at = Infinity
    },
    () => due.at - Date.now()
  )
  return { ticker, ticks }
}

describe("Ticker", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())

  it("ticks at every whole calm period while nothing is due", () => {
    const { ticker, ticks } = tickerOf({ at: Infinity })
    vi.advanceTimersByTime(tickMillis + 5 * calmMillisMax)
    assert.deepStrictEqual(ticks, [tickMillis, ...[1, 2, 3, 4, 5].map((calm) => calm * calmMillisMax)])
    ticker.stop()
    ticker.wake()
    vi.advanceTimersByTime(10_000)
    assert.lengthOf(ticks, 6)
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("ticks when something is due", () => {
    const { ticks } = tickerOf({ at: 450 })
    vi.advanceTimersByTime(500)
    assert.deepStrictEqual(ticks, [100, 450])
  })

  it("comes back within a tick when it is woken, and is calm again after that", () => {
    const { ticker, ticks } = tickerOf({ at: Infinity })
    vi.advanceTimersByTime(500)
    ticker.wake()
    vi.advanceTimersByTime(tickMillis + calmMillisMax)
    assert.deepStrictEqual(ticks, [100, 600, 1000])
  })

  it("is not put off by being woken again and again", () => {
    const { ticker, ticks } = tickerOf({ at: Infinity })
    for (let now = 0; now < 1_000; now += 10) {
      vi.advanceTimersByTime(10)
      ticker.wake()
    }
    assert.deepStrictEqual(ticks, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])
  })

  it("asks anew what is due when it is told to", () => {
    const due = { at: Infinity }
    const { ticker, ticks } = tickerOf(due)
    vi.advanceTimersByTime(500)
    due.at = 520
    ticker.reschedule()
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(ticks, [100, 520])
  })

  it("ticks every tick while what is overdue is not done", () => {
    const ticks: Array<number> = []
    const ticker = new Ticker(
      () => void ticks.push(Date.now()),
      () => -1
    )
    vi.advanceTimersByTime(500)
    ticker.stop()
    assert.deepStrictEqual(ticks, [100, 200, 300, 400, 500])
  })
})
