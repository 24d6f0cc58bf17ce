import { assert, describe, it } from "@effect/vitest"
import { defaultEdgeLimits } from "../src/EdgeLimits.ts"
import { EveryNodeQuestions, subjectOfCid } from "../src/EveryNodeQuestions.ts"
import { peerOf } from "./support/Peers.ts"

const now = 1_700_000_000_000
const questions = (limits: Partial<typeof defaultEdgeLimits>) =>
  new EveryNodeQuestions(now, { ...defaultEdgeLimits, ...limits })

describe("EveryNodeQuestions", () => {
  it("asks about one subject once in its quiet time", () => {
    const one = questions({ unroutedQuietMillis: 1000 })
    assert.isUndefined(one.refuse(now, 1, 1))
    assert.strictEqual(one.refuse(now + 999, 1, 1), "UnroutedRepeated")
    assert.isUndefined(one.refuse(now + 1000, 1, 1))
  })

  it("tells the connection ids of one address from each other and from the address", () => {
    const one = questions({})
    const cid = Uint8Array.of(0, 0, 0, 0, 0, 0, 16, 0)
    assert.isUndefined(one.refuse(now, 1, 1))
    assert.isUndefined(one.refuse(now, 1, subjectOfCid(cid, 0)))
    assert.strictEqual(one.refuse(now, 1, subjectOfCid(cid, 0)), "UnroutedRepeated")
  })

  it("asks no more than the rate of all, and again as that grows", () => {
    const one = questions({ unroutedPerSecondMax: 10 })
    const asked = (at: number, from: number) =>
      Array.from({ length: 50 }, (_, i) => one.refuse(at, from + i, from + i)).filter(
        (refused) => refused === undefined
      ).length
    assert.strictEqual(asked(now, 0), 10)
    assert.strictEqual(asked(now + 500, 100), 5)
  })

  it("charges a source only while less than half is left, and gives back a question that it refused to one", () => {
    const one = questions({ unroutedPerSecondMax: 100, unroutedPerSourceSecondMax: 1, unroutedPerSourceBurstMax: 10 })
    const asked = (host: string) =>
      Array.from({ length: 200 }, (_, i) => one.refuse(now, peerOf(i + 1, host).key, peerOf(i + 1, host).key)).filter(
        (refused) => refused === undefined
      ).length
    assert.strictEqual(asked("192.0.2.1"), 60)
    assert.strictEqual(asked("198.51.100.1"), 10)
  })
})
