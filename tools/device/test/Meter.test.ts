import { assert, describe, it } from "vitest"
import { Meter } from "../src/Meter.ts"

const command = (method: string, params: unknown, payload = new Uint8Array(0)) => ({
  topic: "/sys/pk/dk/x",
  id: "1",
  method,
  params,
  payload
})

describe("Meter", () => {
  it("applies what is set, reports it, and tells it when asked", () => {
    const meter = new Meter("apply")
    assert.deepStrictEqual(meter.execute(command("thing.service.measurepoint.set", { limit: 3 })), { code: 200 })
    assert.deepStrictEqual(meter.points(0), { temp: 21, limit: 3 })
    assert.deepStrictEqual(meter.execute(command("thing.service.measurepoint.get", ["limit", "unknown"])), {
      code: 200,
      data: { limit: 3, unknown: null }
    })
    assert.containSubset(meter.execute(command("thing.service.reboot", {})), { code: 200 })
  })

  it("echoes params and raw bytes", () => {
    const meter = new Meter("echo")
    assert.deepStrictEqual(meter.execute(command("thing.service.reboot", { delay: 1 })), {
      code: 200,
      data: { delay: 1 }
    })
    assert.deepStrictEqual(meter.execute(command("", undefined, Uint8Array.of(1, 2))), Uint8Array.of(1, 2))
    assert.deepStrictEqual(meter.points(0), { temp: 21 })
  })

  it("refuses", () => {
    assert.doesNotContainSubset(new Meter("refuse").execute(command("thing.service.measurepoint.set", { limit: 3 })), {
      code: 200
    })
  })
})
