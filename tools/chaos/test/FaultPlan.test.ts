import { seededRandom } from "@roost/random"
import { assert, describe, it } from "vitest"
import { planFaults } from "../src/faults/FaultPlan.ts"
import { allGentle, apps, faultTypes, nameOfType, selectFaults } from "../src/faults/FaultType.ts"

describe("planFaults", () => {
  it("makes the same plan of the same seed, and another of another", () => {
    const plan = (seed: number) => planFaults(seededRandom(seed), faultTypes, 600_000)
    assert.deepStrictEqual(plan(1), plan(1))
    assert.notDeepEqual(plan(1), plan(2))
  })

  it("has every type once before any comes twice", () => {
    for (let seed = 0; seed < 50; seed++) {
      const names = planFaults(seededRandom(seed), faultTypes, 3_600_000).map(({ type }) => nameOfType(type))
      assert.strictEqual(new Set(names.slice(0, faultTypes.length)).size, faultTypes.length)
    }
  })

  it("overlaps no two faults and ends them in time", () => {
    for (let seed = 0; seed < 50; seed++) {
      let free = 0
      for (const { atMillis, lastsMillis } of planFaults(seededRandom(seed), faultTypes, 300_000)) {
        assert.isAtLeast(atMillis, free)
        free = atMillis + lastsMillis
        assert.isAtMost(free, 300_000)
      }
    }
  })

  it("has none where there is nothing to choose from", () => {
    assert.deepStrictEqual(planFaults(seededRandom(1), [], 60_000), [])
  })
})

describe("selectFaults", () => {
  it("takes kinds, groups and both, and names the word that it does not know", () => {
    const names = (...words: ReadonlyArray<string>) => {
      const selected = selectFaults(words)
      return "unknown" in selected ? selected.unknown : selected.map(nameOfType)
    }
    assert.deepStrictEqual(
      names("sigkill"),
      apps.map((app) => `sigkill:${app}`)
    )
    assert.deepStrictEqual(names("pause:udp-edge", "rolling"), ["pause:udp-edge", "rolling:all"])
    assert.deepStrictEqual(names("nats"), ["nats-kill:nats", "nats-pause:nats", "nats-restart:nats"])
    assert.deepStrictEqual(names("UPLINK", "store"), ["disk-full:store", "full-restart:store", "delete:UPLINK"])
    assert.strictEqual(names("drain", "earthquake"), "earthquake")
  })

  it("knows which faults no device may notice", () => {
    const gentle = selectFaults(["drain", "rolling"])
    assert.isTrue(!("unknown" in gentle) && allGentle(gentle))
    assert.isFalse(allGentle(faultTypes))
  })
})
