import { assert, it } from "@effect/vitest"
import { expectAccessible, picture, transferred } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"

/** A product: its script and its thing model. */
export const productPage = (console: ConsoleInBrowser): void => {
  it("writes, tries, publishes and rolls back a script, whose editor takes 250 kB", async () => {
    const { page } = console
    await console.goto("/products/trackers")
    await page.getByRole("tab", { name: "Script" }).waitFor()
    const bytes = transferred(page)
    await page.getByRole("tab", { name: "Script" }).click()
    await page.getByRole("textbox", { name: "Draft" }).waitFor()
    await page.getByRole("button", { name: "Save and run" }).click()
    await page.getByText('"temp": 21.5').waitFor()
    assert.isBelow(await bytes(), 250_000)
    await page.getByRole("button", { name: "Publish", exact: true }).click()
    await page.getByText("converts now").waitFor()
    await picture(page, "script")
    await expectAccessible(page)
    const throws = "function rawDataToJsonStr() { throw new Error('no') }\nfunction jsonStrToRawData() { return '' }"
    await page.getByRole("textbox", { name: "Draft" }).fill(throws)
    await page.getByRole("button", { name: "Save and run" }).click()
    await page.getByText("Threw", { exact: true }).waitFor()
    assert.strictEqual(await page.getByRole("button", { name: "Publish", exact: true }).isDisabled(), true)
  })

  it("checks a thing model without keeping it", async () => {
    const { page } = console
    await console.goto("/products/meters?tab=model")
    const editor = page.getByRole("textbox", { name: "Thing model" })
    await editor.waitFor()
    const good = await editor.innerText()
    await editor.fill(good.replace('"FLOAT"', '"FLAOT"'))
    await page.getByRole("button", { name: "Check" }).click()
    await page.getByText("The registry does not take this model").waitFor()
    await editor.fill(good.replace('"Limit"', '"Highest"'))
    await page.getByRole("button", { name: "Check" }).click()
    await page.getByText("The registry would take this model").waitFor()
    await picture(page, "model")
    await expectAccessible(page)
  })
}
