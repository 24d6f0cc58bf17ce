import { Device } from "@roost/device"
import { TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { eventually } from "@roost/testkit"
import { assert, describe, it } from "vitest"
import { createDevice, type TestDevice } from "../../src/Fixtures.ts"
import type { RunningRoost } from "../../src/RunningRoost.ts"

/** The device of `libs/device`: activation, commands, other ports, resumption, Lifetime. */
export const ownDevice = (running: RunningRoost): void => {
  describe("our own device", () => {
    const suites = { ccm8: TLS_PSK_WITH_AES_128_CCM_8, cbc: TLS_PSK_WITH_AES_128_CBC_SHA256 } as const
    const deviceOf = (deviceKey: string, more: object = {}) =>
      new Device({ host: "127.0.0.1", port: running.roost.udpPort, productKey: running.product, deviceKey, ...more })

    for (const [name, suite] of Object.entries(suites)) {
      it(`activates with the product secret, reconnects with its own, obeys several commands: ${name} (S110–S117)`, async () => {
        const key = `activate-${name}`
        await createDevice(running.roost, running.product, key)
        const methods: Array<string> = []
        const device = deviceOf(key, {
          suites: [suite],
          onCommand: ({ method }: { method: string }) => {
            methods.push(method)
            return { code: 200, data: { done: method } }
          }
        })
        const first = await device.activate(running.productSecret)
        const second = await device.activate(running.productSecret)
        assert.notStrictEqual(first.deviceSecret, second.deviceSecret, "each new GET issues another secret")
        await device.connect(second.deviceSecret)
        assert.strictEqual((await device.report({ temp: 1 })).code, 0x44)
        const target = { productKey: running.product, deviceKey: key } as TestDevice
        const accepted = [
          await running.command(target, "measurepoints/temp:set", { value: 1, pendingTtl: 600 }),
          await running.command(target, "services/reboot:invoke", { inputData: { delay: 1 }, pendingTtl: 600 }),
          await running.command(target, "measurepoints:get", { ids: ["temp"], pendingTtl: 600 })
        ]
        for (const { status, body } of accepted) assert.strictEqual(status, 202, JSON.stringify(body))
        await eventually(
          () => device.report({ temp: 2 }).then(() => methods.length),
          (count) => count === 3
        )
        assert.deepStrictEqual(methods, [
          "thing.service.measurepoint.set",
          "thing.service.reboot",
          "thing.service.measurepoint.get"
        ])
        for (const { body } of accepted) {
          await eventually(
            () => running.stateOf(body.commandId),
            ({ state }) => state === "succeeded"
          )
        }
        // Mode 3 is closed once the device came with its own secret (contract §7.16).
        await eventually(
          () => running.statusOf(target),
          ({ status }) => status === "online"
        )
        const late = deviceOf(key, { timing: { initialMillis: 200, maxMillis: 400, transmissionsMax: 3 } })
        const refused = await late.activate(running.productSecret).then(
          () => "issued",
          () => "refused"
        )
        assert.strictEqual(refused, "refused")
        await device.close()
      })
    }

    it("goes on from another port under its connection id, without a handshake (R6)", async () => {
      const { deviceSecret } = await createDevice(running.roost, running.product, "moves")
      let handshakes = 0
      const device = deviceOf("moves", {
        onEvent: ({ _tag }: { _tag: string }) => void (_tag === "Connected" && handshakes++)
      })
      await device.connect(deviceSecret)
      for (let i = 0; i < 5; i++) {
        assert.strictEqual((await device.report({ i })).code, 0x44)
        device.rebind()
      }
      assert.strictEqual(handshakes, 1)
      await device.close()
    })

    it("resumes after an abrupt end (S30)", async () => {
      const { deviceSecret } = await createDevice(running.roost, running.product, "resumes")
      const resumed: Array<boolean> = []
      const onEvent = (event: { _tag: string; resumed?: boolean }) =>
        void (event._tag === "Connected" && resumed.push(event.resumed!))
      const device = deviceOf("resumes", { resume: true, onEvent })
      await device.connect(deviceSecret)
      // A node that says later than 900 ms that it has the session, on a machine without time for it, costs a full handshake instead.
      while (resumed.length < 20 && !resumed.includes(true)) await device.connect(deviceSecret)
      assert.strictEqual((await device.report({ temp: 1 })).code, 0x44)
      assert.deepStrictEqual([resumed[0], resumed.at(-1)], [false, true])
      await device.close()
    })

    it("goes offline when its Lifetime passed in silence, once, and online by its next record (contract §7.18)", async () => {
      const { deviceSecret } = await createDevice(running.roost, running.product, "sleeps")
      const target = { productKey: running.product, deviceKey: "sleeps" } as TestDevice
      const device = deviceOf("sleeps", { lifetimeSeconds: 30 })
      await device.connect(deviceSecret)
      await eventually(
        () => running.statusOf(target),
        ({ status }) => status === "online"
      )
      await eventually(
        () => running.statusOf(target),
        ({ status }) => status === "offline"
      )
      assert.strictEqual((await device.report({ temp: 1 })).code, 0x44)
      await eventually(
        () => running.statusOf(target),
        ({ status }) => status === "online"
      )
      const events = await running.eventsOf(target)
      assert.strictEqual(events.filter(({ kind }) => kind === "offline").length, 1)
      await device.close()
    })
  })
}
