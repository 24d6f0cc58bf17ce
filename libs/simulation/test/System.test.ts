import { assert, beforeAll, describe, it } from "vitest"
import {
  type FaultKind,
  faultKinds,
  keptSeeds,
  type PlantedFaults,
  playSystem,
  type SystemReport
} from "../src/index.ts"

describe("edges, session-actors, leases, commands and devices of one world", () => {
  let reports: ReadonlyArray<SystemReport> = []
  beforeAll(() => {
    reports = keptSeeds.map((seed) => playSystem(seed))
  })

  it(`keep what they acknowledged, answer, and repeat no nonce in ${keptSeeds.length} schedules of faults`, () => {
    for (const { faults, seed, violations } of reports) {
      assert.deepStrictEqual(violations, [], `seed ${seed}: ${faults.join("; ")}`)
    }
  })

  it("have every kind of fault and enough traffic in these schedules", () => {
    const met = new Set(reports.flatMap(({ faults }) => faults.map((fault) => fault.slice(0, fault.indexOf(" ")))))
    assert.deepStrictEqual([...met].toSorted(), faultKinds.toSorted())
    for (const { commands, faults, postsMin, seed, uplinks } of reports) {
      assert.isAtLeast(faults.length, 3, `seed ${seed}`)
      assert.isAtLeast(uplinks, 600, `seed ${seed}`)
      assert.isAtLeast(postsMin, 20, `seed ${seed}`)
      assert.isAtLeast(commands, 50, `seed ${seed}`)
    }
  })

  it("play the same schedule from the same seed, and another one from another seed", () => {
    const [first, second] = [playSystem(3, { keepsLines: true }), playSystem(3, { keepsLines: true })]
    assert.deepStrictEqual(first, second)
    assert.strictEqual(first.traceHash, reports.find(({ seed }) => seed === 3)!.traceHash)
    assert.notStrictEqual(first.traceHash, reports[0]!.traceHash)
  })
})

it("edges that join and leave while devices shake hands cost no handshake and no answer", () => {
  for (const seed of [4, 18]) {
    const { faults, violations } = playSystem(seed, { kinds: ["edge-join"] })
    assert.deepStrictEqual(violations, [], `seed ${seed}: ${faults.join("; ")}`)
  }
})

describe("the checkers catch", () => {
  const caught = (
    planted: PlantedFaults,
    seeds: ReadonlyArray<number>,
    sentence: RegExp,
    kinds: ReadonlyArray<FaultKind> = faultKinds
  ) =>
    seeds.some((seed) => playSystem(seed, { planted, kinds }).violations.some((violation) => sentence.test(violation)))

  it("a node that acknowledges an uplink before it is stored", () =>
    assert.isTrue(caught({ acknowledgesBeforeStoring: true }, [2, 3, 4], /was acknowledged and is not stored/)))

  it("a node that serves on after its lease ran out", () =>
    assert.isTrue(caught({ servesWithoutLease: true }, [1, 5, 6], /node\d and node\d serve partition/)))

  it("edges that hear nothing of each other's handshakes", () =>
    assert.isTrue(caught({ losesStrays: true }, [1, 2], /the handshake of d\d+ (?:took|did not end)/, ["edge-join"])))

  it("a node that seals under numbers of before when it takes a session over", () =>
    assert.isTrue(caught({ repeatsNonces: true }, [1, 4, 7], /was used twice under one key/)))
})
