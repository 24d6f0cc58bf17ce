import { assert, it } from "@effect/vitest"
import { expectAccessible, picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"
import { refusedHandshake } from "../support/TestRoost.ts"

/** Webhooks, sinks, strangers and the cluster. */
export const operatorPages = (console: ConsoleInBrowser): void => {
  it("says of a sink to which nothing came that nothing waits, not how far it is behind", async () => {
    const { page } = console
    await console.goto("/sinks")
    await page.getByRole("button", { name: "Add a sink" }).first().click()
    await page.getByLabel("Name").fill("warehouse")
    await page.getByLabel("To", { exact: true }).fill("postgres://nobody@127.0.0.1:9/roost")
    await page.getByRole("button", { name: "Add", exact: true }).click()
    await page.getByText("nothing written yet").waitFor()
    await page.getByText("nothing", { exact: true }).waitFor()
    assert.strictEqual(await page.getByText("Behind").count(), 0)
    await expectAccessible(page)
    await picture(page, "sinks")
  })

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
