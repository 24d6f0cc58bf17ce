import { assert, describe, it } from "@effect/vitest"
import { afterAttempt, untried } from "../src/index.ts"
import { UnwrittenAttempts, unwrittenMax } from "../src/UnwrittenAttempts.ts"

const failed = (at: number, more: object = {}) => ({ at, status: 500, error: "the receiver answered 500", ...more })

describe("how a webhook does", () => {
  it("counts failures since its receiver took a request, and says when the next one comes", () => {
    const one = afterAttempt(untried, failed(10, { nextAttemptAt: 11 }))
    assert.deepInclude(one, { health: "failing", consecutiveFailures: 1, failingSince: 10, nextAttemptAt: 11 })
    const two = afterAttempt(one, { at: 20, error: "the receiver did not answer within 10 s", nextAttemptAt: 22 })
    assert.deepInclude(two, { health: "failing", consecutiveFailures: 2, failingSince: 10, nextAttemptAt: 22 })
    assert.deepStrictEqual(two.lastAttempt, { at: 20, error: "the receiver did not answer within 10 s" })
    const taken = afterAttempt(two, { at: 30, status: 204 })
    assert.deepStrictEqual(taken, {
      health: "healthy",
      consecutiveFailures: 0,
      lastAttempt: { at: 30, status: 204 },
      lastDeliveredAt: 30
    })
    assert.strictEqual(afterAttempt(taken, failed(40)).lastDeliveredAt, 30)
  })

  it("is dead once events were given up, until its receiver takes a request", () => {
    const dead = afterAttempt(untried, failed(10, { buried: 2 }))
    assert.strictEqual(dead.health, "dead")
    assert.strictEqual(afterAttempt(dead, failed(20)).health, "dead")
    assert.strictEqual(afterAttempt(dead, { at: 30, status: 200 }).health, "healthy")
  })

  it("has the newest attempt as its last one, in whatever order instances tell of theirs", () => {
    const newest = afterAttempt(untried, failed(20))
    assert.strictEqual(afterAttempt(newest, failed(10, { status: 503 })).lastAttempt?.at, 20)
  })
})

describe("attempts that are not written down yet", () => {
  it("lose none that comes while others are written: a webhook that recovered does not stay failing", () => {
    const unwritten = new UnwrittenAttempts()
    for (const at of [10, 20, 30]) unwritten.note(failed(at))
    const writing = unwritten.list
    unwritten.note({ at: 40, status: 204 })
    unwritten.written(writing)
    assert.deepStrictEqual(unwritten.list, [{ at: 40, status: 204 }])
  })

  it("are bounded while they can't be written, with the first failure, the last, and every event that was given up (trust B4)", () => {
    const unwritten = new UnwrittenAttempts()
    for (let at = 1; at <= 10_000; at++) unwritten.note(failed(at, { buried: at === 5000 ? 3 : 0 }))
    assert.lengthOf(unwritten.list, unwrittenMax)
    const status = unwritten.list.reduce(afterAttempt, untried)
    assert.deepInclude(status, { health: "dead", failingSince: 1, consecutiveFailures: unwrittenMax })
    assert.strictEqual(status.lastAttempt?.at, 10_000)
  })
})
