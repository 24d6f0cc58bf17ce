import { it } from "@effect/vitest"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"

/** A page whose registry is gone for a while. */
export const registryAway = (console: ConsoleInBrowser): void => {
  it("goes on by itself after the registry was away", async () => {
    const { device, page, roost } = console
    await console.goto("/devices/meters/meter-1")
    await page.locator('[data-point="temp"]').waitFor()
    const registry = roost.apps.find(({ app }) => app === "registry")!
    await registry.stop("SIGKILL")
    await page.getByText("Roost does not answer").waitFor()
    registry.start()
    await registry.ready()
    await page.getByText("Roost does not answer").waitFor({ state: "detached" })
    await device.report({ temp: 17.5 })
    await page.locator('[data-point="temp"]', { hasText: "17.5" }).waitFor()
  })
}
