import { assert, describe, it } from "@effect/vitest"
import { defaultLeaseTiming } from "@roost/cluster"
import { playLeases, playSetBack, setBackKinds } from "../src/index.ts"

/** Schedules per run of the tests; `npm run simulate -- leases` plays as many as one likes. */
const seeds = Array.from({ length: 300 }, (_, i) => i + 1)

describe("partition leases under loss, delay, pauses, crashes, joins and leaves", () => {
  it("never let two nodes serve a partition, let tokens only grow, and heal: 300 schedules", () => {
    const failed = seeds.map((seed) => playLeases(seed)).filter(({ violations }) => violations.length > 0)
    assert.deepStrictEqual(failed, [])
  })

  it("hold while the bucket goes back by up to 40 writes: 60 schedules (trust B1)", () => {
    const failed = seeds
      .slice(0, 60)
      .map((seed) => playLeases(seed, { setsBack: true }))
      .filter(({ violations }) => violations.length > 0)
    assert.deepStrictEqual(failed, [])
  })

  it("play the same schedule from the same seed", () => {
    assert.deepStrictEqual(playLeases(7), playLeases(7))
  })
})

describe("a bucket LEASES that", () => {
  for (const kind of setBackKinds) {
    it(`${kind} is served again within two leases, and never by two nodes: 40 schedules`, () => {
      const failed = seeds
        .slice(0, 40)
        .map((seed) => playSetBack(seed, kind))
        .filter(({ silenceMillis, violations }) => {
          return violations.length > 0 || silenceMillis > 2 * defaultLeaseTiming.leaseMillis
        })
      assert.deepStrictEqual(failed, [])
    })
  }
})

describe("the checker catches", () => {
  const caught = (planted: Parameters<typeof playLeases>[1]) =>
    seeds.slice(0, 60).some((seed) => playLeases(seed, planted).violations.length > 0)

  it("a node that serves on although its lease ran out", () => assert.isTrue(caught({ ignoresItsClock: true })))

  it("a lease that others end before its owner does", () => assert.isTrue(caught({ timing: { marginMillis: -1_500 } })))

  it("partitions that nobody claims", () => assert.isTrue(caught({ timing: { claimsMax: 0 } })))
})
