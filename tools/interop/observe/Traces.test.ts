import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct } from "../src/Fixtures.ts"
import { isConnected, Jaeger, type JaegerTrace } from "./Jaeger.ts"

// Four processes, a nats-server, a device, and what a real Jaeger shows of them.

let jaeger: Jaeger
let roost: RoostProcesses
beforeAll(async () => {
  jaeger = await Jaeger.start()
  roost = await RoostProcesses.start({
    env: { ROOST_TRACE_DEVICES: "pkTraces/meter", ROOST_OTLP_ENDPOINT: jaeger.otlpUrl }
  })
})
afterAll(async () => {
  await roost?.[Symbol.asyncDispose]()
  await jaeger?.[Symbol.asyncDispose]()
})

const spansAtLeast = 6

const told = (trace: JaegerTrace) => trace.map(({ name, service }) => `${service}: ${name}`).toSorted()

/** The trace that begins in this service, once all of these have come. */
const traceOf = (service: string, names: ReadonlyArray<string>) =>
  eventually(
    async () =>
      (await jaeger.tracesOf(service)).find((trace) =>
        trace.some((span) => span.parentId === undefined && span.service === service)
      ) ?? [],
    (trace) => names.every((name) => told(trace).includes(name)) && isConnected(trace)
  )

describe("a traced device", () => {
  it("has one connected trace of an uplink in Jaeger, and one of a command, over every service that they pass", async () => {
    await createProduct(roost, "pkTraces", {})
    const { deviceSecret } = await createDevice(roost, "pkTraces", "meter")
    const device = new Device({
      host: "127.0.0.1",
      port: roost.udpPort,
      productKey: "pkTraces",
      deviceKey: "meter",
      onCommand: () => ({ code: 200 })
    })
    await device.connect(deviceSecret)
    await device.report({ temp: 1 })
    const uplink = await traceOf("udp-edge", ["registry: registry-latest-points"])
    assert.includeMembers(told(uplink), [
      "udp-edge: uplink",
      "udp-edge: send the answer",
      "session-actors: uplink",
      "session-actors: store",
      "registry: wait in UPLINK",
      "registry: registry-latest-points"
    ])
    assert.isAtLeast(uplink.length, spansAtLeast)

    const path = "/v1/products/pkTraces/devices/meter/measurepoints/limit:set"
    const { body, status } = await roost.downlink("POST", path, { value: 30.5, pendingTtl: 600 })
    assert.strictEqual(status, 202)
    await eventually(
      async () => {
        await device.report({ temp: 2 })
        return roost.downlink("GET", `/v1/commands/${body.commandId}`)
      },
      (command) => command.body.state === "succeeded"
    )
    const command = await traceOf("downlink-queue", ["session-actors: reply", "downlink-queue: downlink-queue"])
    assert.includeMembers(told(command), [
      "downlink-queue: POST /v1/products/{productKey}/devices/{deviceKey}/measurepoints/{measurepoint}:set",
      "downlink-queue: store the command",
      "session-actors: wait for the device",
      "session-actors: fetch",
      "udp-edge: fetch",
      "session-actors: reply",
      "session-actors: store",
      "udp-edge: reply",
      "downlink-queue: downlink-queue"
    ])
    assert.isAtLeast(command.length, spansAtLeast)
    await device.close()
  })
})
