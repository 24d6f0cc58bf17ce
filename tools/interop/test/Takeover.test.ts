import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct, type TestDevice } from "../src/Fixtures.ts"

// Sessions outlive the processes that hold them: real processes, a real nats-server, real signals.

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start()
  await createProduct(roost, "pkTakeover")
})
afterAll(() => roost?.[Symbol.asyncDispose]())

const eventsOf = async (device: TestDevice): Promise<ReadonlyArray<{ kind: string }>> =>
  (await roost.registry("GET", `/v1/products/${device.productKey}/devices/${device.deviceKey}/events`)).body.events

describe("session-actors is started again", () => {
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    for (const connectionId of [true, false]) {
      const name = `${signal} ${connectionId ? "with" : "without"} a connection id`
      it(`${name}: the device goes on without a handshake, and gets its command (R1, R2)`, async () => {
        const registered = await createDevice(roost, "pkTakeover", `dev-${signal}-${connectionId}`)
        let handshakes = 0
        const commands: Array<string> = []
        const device = new Device({
          host: "127.0.0.1",
          port: roost.udpPort,
          productKey: registered.productKey,
          deviceKey: registered.deviceKey,
          connectionId,
          onCommand: ({ method }) => {
            commands.push(method)
            return { code: 200, data: {} }
          },
          onEvent: ({ _tag }) => {
            if (_tag === "Connecting") handshakes++
          }
        })
        try {
          await device.connect(registered.deviceSecret)
          await device.report({ temp: 1 })
          await roost.restart("session-actors", signal)
          for (let i = 0; i < 20; i++) await device.report({ temp: 2 + i })
          const path = `/v1/products/${registered.productKey}/devices/${registered.deviceKey}/measurepoints/temp:set`
          const accepted = await roost.downlink("POST", path, { value: 30.5, pendingTtl: 600 })
          assert.strictEqual(accepted.status, 202)
          await eventually(
            async () => {
              await device.report({ temp: 99 })
              return commands.length
            },
            (count) => count === 1
          )
          assert.strictEqual(handshakes, 1)
          const events = await eventsOf(registered)
          assert.isFalse(events.some(({ kind }) => kind === "offline"))
        } finally {
          await device.close()
        }
      })
    }
  }
})
