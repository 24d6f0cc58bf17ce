import { it } from "@effect/vitest"
import { expectAccessible, picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"
import { refusedHandshake } from "../support/TestRoost.ts"

/** Webhooks, strangers and the cluster. */
export const operatorPages = (console: ConsoleInBrowser): void => {
  it("shows strangers, webhooks and the cluster", async () => {
    const { page, roost } = console
    await console.goto("/webhooks")
    await page.getByRole("button", { name: "Add a webhook" }).first().click()
    await page.getByLabel("Address").fill("http://127.0.0.1:9/events")
    await page.getByRole("button", { name: "Add", exact: true }).click()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("button", { name: "Send a test" }).click()
    await page.getByText(/Not taken: the receiver was not reached/).waitFor()
    await picture(page, "webhooks")
    await expectAccessible(page)
    await console.goto("/strangers")
    refusedHandshake(roost, "nobody")
    await page.getByText("nobody,meter-2").first().waitFor()
    await picture(page, "strangers")
    await expectAccessible(page)
    await console.goto("/cluster")
    await page.getByText("512 partitions", { exact: true }).waitFor()
    await picture(page, "cluster")
    await expectAccessible(page)
  })
}
