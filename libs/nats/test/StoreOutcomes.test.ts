import { assert, it } from "@effect/vitest"
import { StoreOutcomes } from "../src/index.ts"

it("a stream that refuses message after message takes nothing, until one is stored or nobody asked for a while", () => {
  const outcomes = new StoreOutcomes("UPLINK")
  for (const at of [0, 1]) outcomes.refused(at, "rejected")
  assert.isUndefined(outcomes.problem(1))
  outcomes.refused(2, "rejected")
  assert.strictEqual(outcomes.problem(2), "the last 3 messages for UPLINK were not stored (rejected)")
  assert.isUndefined(outcomes.problem(5_003))
  outcomes.refused(6_000, "timeout")
  outcomes.stored()
  assert.isUndefined(outcomes.problem(6_000))
})
