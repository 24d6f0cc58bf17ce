import { Option, Result } from "effect"
import { assert, describe, it } from "vitest"
import { configOf } from "../src/cli/configOf.ts"
import { splitConfig, splitSource } from "../src/run/splitLoad.ts"
import { givenFlags } from "./support/givenFlags.ts"

const room = { openFilesMax: 20_000 }
const configured = (more: Parameters<typeof givenFlags>[0]) => Result.getOrThrow(configOf(givenFlags(more), room))
const refused = (more: Parameters<typeof givenFlags>[0]) =>
  Result.merge(configOf(givenFlags(more), room)) as unknown as string

describe("splitConfig", () => {
  it("gives every device to one process, and each its part of the rate", () => {
    const config = configured({ devices: 1_000_001 - 1, cid: true, rate: 9_000, storm: 77 })
    assert.strictEqual(config.processes, 20)
    const parts = Array.from({ length: config.processes }, (_, i) => splitConfig(config, i))
    const sum = (of: (part: (typeof parts)[number]) => number) => parts.reduce((total, part) => total + of(part), 0)
    assert.strictEqual(
      sum(({ devices }) => devices),
      1_000_000
    )
    assert.strictEqual(
      sum(({ stormDevices }) => stormDevices),
      77
    )
    assert.closeTo(
      sum(({ ratePerSecond }) => ratePerSecond),
      9_000,
      1e-6
    )
    let next = 0
    for (const part of parts) {
      assert.strictEqual(part.first, next)
      next += part.devices
    }
  })

  it("gives the lines of a provisioning file to those whose devices they are", () => {
    const config = configured({ devices: 5, processes: 2 })
    const devices = ["a", "b", "c", "d", "e"].map((deviceKey) => ({ deviceKey, deviceSecret: "s" }))
    const parts = [0, 1].map((index) => splitSource({ _tag: "Listed", devices }, config, index))
    assert.deepStrictEqual(
      parts.flatMap((part) => (part._tag === "Listed" ? part.devices : [])),
      devices
    )
    assert.strictEqual(splitConfig(config, 1).first, 2)
  })
})

describe("configOf", () => {
  it("takes as many processes as open files and 50 000 devices each allow", () => {
    assert.strictEqual(configured({ devices: 19_000 }).processes, 1)
    assert.strictEqual(configured({ devices: 50_000 }).processes, 3)
    assert.strictEqual(configured({ devices: 50_000, cid: true }).processes, 1)
    assert.include(refused({ devices: 50_000, processes: 1 }), "ulimit -n is 20000")
    assert.include(refused({ devices: 50_001, processes: 1, cid: true }), "2 processes")
  })

  it("takes further loopback addresses where one has not ports enough, and asks for others elsewhere", () => {
    assert.deepStrictEqual(configured({ devices: 20_000, processes: 2 }).localAddresses, [])
    assert.strictEqual(configured({ devices: 50_000 }).localAddresses.length, 3)
    assert.include(refused({ devices: 50_000, server: ["10.0.0.1:5684"] }), "--local-address")
  })

  it("names the flag that is wrong", () => {
    assert.include(refused({ server: ["nowhere"] }), "--server nowhere")
    assert.include(refused({ cid: true, suite: "plain" }), "--cid")
    assert.include(refused({ loss: 2 }), "at --loss")
    assert.include(refused({ devices: 1_000_001 }), "--devices")
  })

  it("leaves no secret in the report's configuration", () => {
    const config = configured({ secret: Option.some("hidden-%d"), token: Option.some("bearer") })
    assert.notInclude(JSON.stringify(config), "hidden")
    assert.notInclude(JSON.stringify(config), "bearer")
  })
})
