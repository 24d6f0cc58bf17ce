import { assert, describe, it } from "vitest"
import { capacityOf, measured } from "../src/Capacity.ts"
import { capacityText, readDemand } from "../src/CapacityText.ts"

const planOf = (...args: ReadonlyArray<string>) => {
  const demand = readDemand(args)
  if (typeof demand === "string") throw new Error(demand)
  return capacityOf(demand)
}

describe("the capacity of a fleet", () => {
  it("follows from its uplinks a second, whichever way they come about", () => {
    const [many, often] = [
      planOf("--devices", "900000", "--every", "15m"),
      planOf("--devices", "1000", "--every", "1s")
    ]
    assert.strictEqual(many.uplinksPerSecond, 1_000)
    const { registry: _, ...others } = many.cores
    const { registry: __, ...othersOften } = often.cores
    assert.deepStrictEqual(others, othersOften)
    assert.strictEqual(many.diskBytes, often.diskBytes)
    assert.isAbove(many.memory["session-actors"], often.memory["session-actors"])
  })

  it("has the registry's copies of uplinks that are ten minutes apart, as many as the stream and its limit allow", () => {
    const hourly = planOf("--devices", "1000000", "--every", "1h")
    assert.strictEqual(hourly.copiesBytes, 1e6 * 72 * measured.copied.bytes)
    assert.strictEqual(planOf("--devices", "1000000", "--every", "15m").copiesBytes, 1e6 * 128 * measured.copied.bytes)
    // A second's uplinks are as many; one of 600 is copied.
    const often = planOf("--devices", "1000", "--every", "1s")
    assert.isBelow(often.cores.registry, planOf("--devices", "900000", "--every", "15m").cores.registry)
    assert.match(capacityText(hourly), / 10 GB of copies in the registry's database$/m)
  })

  it("takes three times the cores of nats-server for three copies, and no more of the others", () => {
    const [one, three] = [planOf(), planOf("--copies", "3")]
    assert.closeTo(three.cores["nats-server"], 3 * one.cores["nats-server"], 1e-9)
    assert.strictEqual(three.cores.registry, one.cores.registry)
  })

  it("is one cell up to what its stream's leader is planned to acknowledge, and several behind it", () => {
    const { devicesPerCell } = planOf("--every", "15m")
    assert.strictEqual(devicesPerCell, Math.floor(measured.acksPerSecond * 0.6 * 900))
    assert.strictEqual(planOf("--devices", String(devicesPerCell)).cells, 1)
    assert.strictEqual(planOf("--devices", String(devicesPerCell + 1_000)).cells, 2)
    assert.strictEqual(planOf("--devices", "10000000", "--acks", "33000").cells, 1)
    assert.match(capacityText(planOf("--devices", "10000000")), /^2 cells, each with a NATS of its own/m)
  })

  it("says what is wrong with an option", () => {
    assert.match(String(readDemand(["--every", "15x"])), /^--every: expected a time such as 15m .*, not 15x$/)
    assert.match(String(readDemand(["--devices", "many"])), /^--devices: expected a number above 0, not many$/)
    assert.match(String(readDemand(["--utilization", "3"])), /at most 1, not 3$/)
    assert.match(String(readDemand(["--copies", "2"])), /^--copies: expected 1 or 3, not 2$/)
    assert.match(String(readDemand(["--deviecs", "2"])), /--deviecs/)
  })
})
