import { assert, it } from "@effect/vitest"
import { defaultTuning, makeTuning } from "../src/index.ts"

it("derives the time values of RFC 7252 §4.8.2 from the base values of §4.8", () => {
  assert.deepStrictEqual(defaultTuning, {
    ackTimeoutMillis: 2_000,
    ackRandomFactor: 1.5,
    maxRetransmit: 4,
    nstart: 1,
    maxLatencyMillis: 100_000,
    maxTransmitSpanMillis: 45_000,
    maxTransmitWaitMillis: 93_000,
    processingDelayMillis: 2_000,
    maxRttMillis: 202_000,
    exchangeLifetimeMillis: 247_000,
    nonLifetimeMillis: 145_000
  })
})

it("derives them anew from other base values", () => {
  const slow = makeTuning({
    ackTimeoutMillis: 9_000,
    ackRandomFactor: 1.5,
    maxRetransmit: 2,
    nstart: 1,
    maxLatencyMillis: 100_000
  })
  assert.deepStrictEqual(
    [slow.maxTransmitSpanMillis, slow.maxTransmitWaitMillis, slow.exchangeLifetimeMillis],
    [40_500, 94_500, 249_500]
  )
})
