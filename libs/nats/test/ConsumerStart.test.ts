import { assert, describe, it } from "@effect/vitest"
import { DeliverPolicy, RetentionPolicy } from "@nats-io/jetstream"
import { startOf } from "../src/internal/ConsumerStart.ts"

const lastAt = 1_000_000_000
const limits = {
  retention: RetentionPolicy.Limits,
  startAt: undefined,
  again: { _tag: "Since", place: { sequence: 50, storedAt: lastAt } },
  handledUpTo: Infinity,
  unhandledAt: undefined
} as const
const at = (millis: number) => ({
  deliver_policy: DeliverPolicy.StartTime,
  opt_start_time: new Date(millis).toISOString()
})

describe("a durable consumer that is made anew", () => {
  it("begins a minute before the last message that the stream lost, since clocks of nats-servers differ", () => {
    assert.deepStrictEqual(startOf(limits), at(lastAt - 60_000))
  })

  it("begins with what was given back an hour ago and nobody has handled", () => {
    const anHourAgo = lastAt - 3_600_000
    assert.deepStrictEqual(startOf({ ...limits, handledUpTo: 7, unhandledAt: anHourAgo }), at(anHourAgo))
  })

  it("begins behind what it told, or earlier with what nobody has handled", () => {
    const behind = { ...limits, again: { _tag: "Behind", sequence: 50 } } as const
    const from = (opt_start_seq: number) => ({ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq })
    assert.deepStrictEqual(startOf(behind), from(51))
    assert.deepStrictEqual(startOf({ ...behind, handledUpTo: 30 }), from(31))
    assert.deepStrictEqual(startOf({ ...behind, handledUpTo: 70 }), from(51))
  })

  it("never begins before where it was to begin at first", () => {
    assert.deepStrictEqual(startOf({ ...limits, startAt: lastAt + 5 }), at(lastAt + 5))
    assert.deepStrictEqual(startOf({ ...limits, startAt: 5, again: { _tag: "All" } }), at(5))
  })

  it("has all the work of a queue that nobody has done", () => {
    assert.deepStrictEqual(startOf({ ...limits, retention: RetentionPolicy.Workqueue }), {
      deliver_policy: DeliverPolicy.All
    })
  })
})
