import { assert, it } from "@effect/vitest"
import { expectAccessible, picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"
import { meterSecret, refusedHandshake } from "../support/TestRoost.ts"

/** One device: its values, its commands, and why it was refused. */
export const devicePage = (console: ConsoleInBrowser): void => {
  it("shows an uplink within a second of its 2.04, without a reload", async () => {
    const { device, page } = console
    await device.connect(meterSecret)
    await console.goto("/devices/meters/meter-1")
    await page.getByText("Online", { exact: true }).first().waitFor()
    await device.report({ temp: 20.25 })
    await page.locator('[data-point="temp"]', { hasText: "20.25" }).waitFor()
    await page.evaluate(() => Object.assign(globalThis, { notReloaded: true }))
    const waits: Array<number> = []
    for (const temp of [21.5, 19.75, 23.5, 20.5, 22.125]) {
      await device.report({ temp })
      const answeredAt = performance.now()
      await page.locator('[data-point="temp"]', { hasText: String(temp) }).waitFor()
      waits.push(performance.now() - answeredAt)
    }
    // Of several, since a machine that has more to do lets one wait.
    assert.isBelow(Math.min(...waits), 1_000)
    assert.strictEqual(await page.evaluate(() => "notReloaded" in globalThis), true)
    await picture(page, "device")
    await expectAccessible(page)
    await page.getByRole("tab", { name: "Uplinks" }).click()
    await page.getByRole("button", { name: /22\.125/ }).click()
    await page.getByText("thing.measurepoint.post").first().waitFor()
    await expectAccessible(page)
  })

  it("sends a command by a form of the thing model, and shows each of its steps", async () => {
    const { device, page } = console
    await console.goto("/devices/meters/meter-1?tab=commands")
    await page.getByLabel("Point", { exact: true }).selectOption("limit")
    await page.getByLabel("Value", { exact: true }).fill("thirty")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.getByText("A number is expected").waitFor()
    await page.getByLabel("Value", { exact: true }).fill("30.5")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    const item = page.locator("[data-command]", { hasText: "limit = 30.5" })
    await item.locator('[data-step="created"][data-reached="true"]').waitFor()
    assert.strictEqual(await item.getAttribute("data-state"), "created")
    await device.report({ temp: 20 })
    for (const step of ["hinted", "fetched", "replied", "finished"]) {
      await item.locator(`[data-step="${step}"][data-reached="true"]`).waitFor()
    }
    await item.getByText("succeeded").waitFor()
    await picture(page, "commands")
    await expectAccessible(page)
    await page.getByLabel("Kind of command").selectOption("Upgrade the firmware")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.getByText("This is needed").first().waitFor()
    const firmware = {
      Version: "2.0",
      "Address of the file": "https://firmware.example/2.0.bin",
      "Size, bytes": "1024"
    }
    for (const [label, text] of Object.entries(firmware)) await page.getByLabel(label).fill(text)
    await page.getByLabel("Checksum", { exact: true }).fill("0a1b")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.locator("[data-command]", { hasText: "Upgrade to 2.0" }).waitFor()
  })

  it("says within two seconds why a wrong secret was refused", async () => {
    const { page, roost } = console
    await console.goto("/devices/meters/meter-2?tab=why")
    await page.getByRole("heading", { name: "Why" }).waitFor()
    const begunAt = refusedHandshake(roost)
    await page.getByText("wrong-key").waitFor()
    assert.isBelow(performance.now() - begunAt, 2_000)
    await picture(page, "why")
    await expectAccessible(page)
  })
}
