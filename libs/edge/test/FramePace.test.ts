import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { aloneMillis, FramePace, frameIntervalMillis } from "../src/FramePace.ts"

/** Frames that were sent, by the millisecond, and whether datagrams are held off. */
const world = () => {
  const state = { waiting: 0, paused: false, inKernel: 0, sent: [] as Array<[at: number, entries: number]> }
  const pace: FramePace = new FramePace(
    () => {
      if (state.waiting === 0) return false
      state.sent.push([Date.now(), state.waiting])
      state.waiting = 0
      return true
    },
    {
      pause: () => (state.paused = true),
      resume: () => {
        state.paused = false
        state.waiting += state.inKernel
        state.inKernel = 0
      }
    },
    Date.now
  )
  const turn = (entries: number) => {
    state.waiting += entries
    pace.endTurn()
  }
  return { state, pace, turn }
}

describe("FramePace", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())

  it("sends the frames of a turn at once if none were sent for a millisecond", () => {
    const { state, turn } = world()
    turn(1)
    vi.advanceTimersByTime(frameIntervalMillis)
    turn(2)
    assert.deepStrictEqual(state.sent, [
      [0, 1],
      [1, 2]
    ])
  })

  it("collects what comes within the millisecond, in this process and in the kernel, and then sends it", () => {
    const { state, turn } = world()
    turn(1)
    turn(1)
    assert.isTrue(state.paused)
    turn(2)
    turn(3)
    state.inKernel = 4
    assert.strictEqual(state.sent.length, 2)
    vi.advanceTimersByTime(frameIntervalMillis)
    assert.deepStrictEqual(state.sent, [
      [0, 1],
      [0, 1],
      [1, 9]
    ])
    // Which is a turn like any other.
    assert.isTrue(state.paused)
    turn(5)
    assert.strictEqual(state.sent.length, 3)
  })

  it("sets no timer and pauses nothing for frames that are alone", () => {
    const { state, turn } = world()
    for (let i = 0; i < 5; i++) {
      turn(1)
      assert.deepStrictEqual([vi.getTimerCount(), state.paused], [0, false])
      vi.advanceTimersByTime(aloneMillis)
    }
    assert.strictEqual(state.sent.length, 5)
    // One that comes sooner, and all that come with it, are not.
    turn(1)
    vi.advanceTimersByTime(aloneMillis - 1)
    turn(1)
    assert.deepStrictEqual([vi.getTimerCount(), state.paused], [1, true])
  })

  it("sets no timer and pauses nothing while there is nothing to send", () => {
    const { state, turn } = world()
    turn(0)
    assert.deepStrictEqual([vi.getTimerCount(), state.paused], [0, false])
    turn(1)
    turn(1)
    vi.advanceTimersByTime(10 * frameIntervalMillis)
    assert.deepStrictEqual([vi.getTimerCount(), state.paused], [0, false])
  })

  it("sends what waits when it is stopped, and nothing later", () => {
    const { pace, state, turn } = world()
    turn(1)
    turn(1)
    turn(2)
    pace.stop()
    state.waiting = 3
    vi.advanceTimersByTime(10 * frameIntervalMillis)
    assert.deepStrictEqual(state.sent, [
      [0, 1],
      [0, 1],
      [0, 2]
    ])
  })
})
