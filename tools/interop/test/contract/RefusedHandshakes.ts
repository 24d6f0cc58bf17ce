import { Device, LinkError } from "@roost/device"
import { eventually } from "@roost/testkit"
import { assert, describe, it } from "vitest"
import { createDevice, type TestDevice } from "../../src/Fixtures.ts"
import type { RunningRoost } from "../../src/RunningRoost.ts"

/** Devices that may not come in, and an operator who reads why. */
export const refusedHandshakes = (running: RunningRoost): void => {
  describe("refused handshakes are silence on the air and a sentence for the operator", () => {
    const timing = { initialMillis: 300, maxMillis: 600, transmissionsMax: 3 }
    const attempt = async (deviceKey: string, secret: string, lifetimeSeconds = 300) => {
      const device = new Device({
        host: "127.0.0.1",
        port: running.roost.udpPort,
        productKey: running.product,
        deviceKey,
        lifetimeSeconds,
        timing
      })
      try {
        await device.connect(secret)
        return "connected"
      } catch (error) {
        return error instanceof LinkError ? error.by : "another error"
      } finally {
        device.abandon()
      }
    }
    const refusedFor = (device: TestDevice, text: string) =>
      eventually(
        () => running.eventsOf(device),
        (events) => events.some(({ kind, reason }) => kind === "handshake-refused" && reason.includes(text))
      )

    it("wrong key (F21)", async () => {
      const device = await createDevice(running.roost, running.product, "wrong-key")
      assert.strictEqual(await attempt("wrong-key", "not the secret"), "timeout")
      await refusedFor(device, "wrong key")
    })

    it("unknown identity looks the same (F21)", async () => {
      assert.strictEqual(await attempt("nobody", "any"), "timeout")
    })

    for (const lifetime of [29, 86_401]) {
      it(`Lifetime ${lifetime} (F20)`, async () => {
        const device = await createDevice(running.roost, running.product, `life-${lifetime}`)
        assert.strictEqual(await attempt(device.deviceKey, device.deviceSecret, lifetime), "timeout")
        await refusedFor(device, "30–86400")
      })
    }

    it("a disabled device, and in again once enabled (R10)", async () => {
      const device = await createDevice(running.roost, running.product, "disabled")
      const one = `/v1/products/${running.product}/devices/disabled`
      assert.strictEqual(await attempt("disabled", device.deviceSecret), "connected")
      assert.strictEqual((await running.roost.registry("POST", `${one}:disable`)).status, 200)
      await eventually(
        () => attempt("disabled", device.deviceSecret),
        (outcome) => outcome === "timeout"
      )
      // The first may have been under way when the change was heard of, and says so; the next one finds the device disabled.
      assert.strictEqual(await attempt("disabled", device.deviceSecret), "timeout")
      await refusedFor(device, "DeviceDisabled")
      assert.strictEqual((await running.roost.registry("POST", `${one}:enable`)).status, 200)
      await eventually(
        () => attempt("disabled", device.deviceSecret),
        (outcome) => outcome === "connected"
      )
    })

    it("a live session hears 4.01 once its secret was rotated (R10)", async () => {
      const device = await createDevice(running.roost, running.product, "rotated")
      const live = new Device({
        host: "127.0.0.1",
        port: running.roost.udpPort,
        productKey: running.product,
        deviceKey: "rotated",
        timing
      })
      await live.connect(device.deviceSecret)
      assert.strictEqual((await live.report({ temp: 1 })).code, 0x44)
      await running.roost.registry("POST", `/v1/products/${running.product}/devices/rotated:rotate-secret`, {})
      await eventually(
        () => live.report({ temp: 1 }),
        ({ code }) => code === 0x81
      )
      assert.strictEqual(
        (
          await eventually(
            () => running.statusOf(device),
            ({ status }) => status === "offline"
          )
        ).status,
        "offline"
      )
      live.abandon()
    })
  })
}
