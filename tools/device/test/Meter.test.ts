import { describe, expect, it } from "vitest"
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
    expect(meter.execute(command("thing.service.measurepoint.set", { limit: 3 }))).toEqual({ code: 200 })
    expect(meter.points(0)).toEqual({ temp: 21, limit: 3 })
    expect(meter.execute(command("thing.service.measurepoint.get", ["limit", "unknown"]))).toEqual({
      code: 200,
      data: { limit: 3, unknown: null }
    })
    expect(meter.execute(command("thing.service.reboot", {}))).toMatchObject({ code: 200 })
  })

  it("echoes params and raw bytes", () => {
    const meter = new Meter("echo")
    expect(meter.execute(command("thing.service.reboot", { delay: 1 }))).toEqual({ code: 200, data: { delay: 1 } })
    expect(meter.execute(command("", undefined, Uint8Array.of(1, 2)))).toEqual(Uint8Array.of(1, 2))
    expect(meter.points(0)).toEqual({ temp: 21 })
  })

  it("refuses", () => {
    expect(new Meter("refuse").execute(command("thing.service.measurepoint.set", { limit: 3 }))).not.toMatchObject({
      code: 200
    })
  })
})
