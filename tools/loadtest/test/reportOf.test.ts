import { Meter } from "@roost/load"
import { assert, describe, it } from "vitest"
import { bottlenecks, verdictOf } from "../src/run/reportOf.ts"
import { parseUsage } from "../src/run/ServerProcesses.ts"

const none = { count: 0, mean: null, p50: null, p90: null, p99: null, p999: null, max: null }
const latency = { count: 10, mean: 5, p50: 5, p90: 8, p99: 10, p999: 12, max: 13 }

describe("limits", () => {
  const counts = (errors: number) => ({ ...new Meter().counts, errors })

  it("are kept up to their value, and broken above it", () => {
    assert.isTrue(verdictOf({ maxP99Millis: 10, maxErrors: 3 }, latency, counts(3)).kept)
    const broken = verdictOf({ maxP99Millis: 9.9, maxErrors: 2 }, latency, counts(3))
    assert.isFalse(broken.kept)
    assert.strictEqual(broken.broken.length, 2)
  })

  it("a limit on p99 is not kept by measuring nothing", () => {
    assert.isFalse(verdictOf({ maxP99Millis: 10, maxErrors: null }, none, counts(0)).kept)
    assert.isTrue(verdictOf({ maxP99Millis: null, maxErrors: 0 }, none, counts(0)).kept)
  })
})

describe("bottlenecks", () => {
  it("are named from 90 % of a core and from 20 ms of lag", () => {
    assert.deepStrictEqual(bottlenecks("steady", { cpuShare: 0.89, loopLagMillis: 19 }), [])
    assert.strictEqual(bottlenecks("steady", { cpuShare: 0.9, loopLagMillis: 0 }).length, 1)
    assert.strictEqual(bottlenecks("steady", { cpuShare: 0, loopLagMillis: 20 }).length, 1)
    assert.deepStrictEqual(bottlenecks("connect", { cpuShare: 0.5, loopLagMillis: 20 }), [])
  })
})

describe("/proc/PID/stat", () => {
  it("is read behind a name with spaces and parentheses (proc(5))", () => {
    const stat = `77 (a) R (b) ${"S 1 77 77 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 11 0 100 1000000 2500 18446744073709551615"}`
    assert.deepStrictEqual(parseUsage(stat), { cpuSeconds: 2, rssBytes: 2500 * 4096 })
    assert.isUndefined(parseUsage("77 (a) R 1"))
  })
})
