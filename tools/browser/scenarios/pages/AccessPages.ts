import { assert, it } from "@effect/vitest"
import { expectAccessible, newContext, picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"

/** Keys, accounts, and the log of changes. */
export const accessPages = (console: ConsoleInBrowser): void => {
  it("makes a key and an account, lets who has it in with its role, and tells who did so", async () => {
    const { browser, page, roost } = console
    await console.goto("/access")
    await page.getByRole("button", { name: "New key" }).click()
    await page.getByLabel("Name").fill("billing")
    await page.getByLabel("Role").selectOption("developer")
    await page.getByLabel("Products").fill("meters")
    await page.getByRole("button", { name: "Create" }).click()
    await page.getByText("shown now and never again").waitFor()
    const secret = await page.locator('pre[aria-label="Secret"]').innerText()
    const headers = { authorization: `Bearer ${secret.trim()}` }
    const me = await fetch(`${roost.registryUrl}/v1/access/me`, { headers })
    assert.deepInclude(await me.json(), { kind: "key", name: "billing" })
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("cell", { name: "developer: meters" }).waitFor()
    await expectAccessible(page)
    await picture(page, "access")

    await page.getByRole("button", { name: "New account" }).click()
    await page.getByLabel("Sign-in name").fill("ada")
    await page.getByRole("button", { name: "Create" }).click()
    await page.getByText("shown now and never again").waitFor()
    const password = await page.locator('pre[aria-label="Password"]').innerText()
    const other = await newContext(browser)
    const ada = await other.newPage()
    await ada.goto(`${roost.registryUrl}/access`)
    await ada.getByRole("button", { name: "Sign in with an account" }).click()
    await ada.getByLabel("Name").fill("ada")
    await ada.locator('input[type="password"]').fill(password.trim())
    await ada.getByRole("button", { name: "Sign in", exact: true }).click()
    await ada.getByText("You are ada: viewer.").waitFor()
    assert.strictEqual(await ada.getByText("API keys", { exact: true }).count(), 0)
    await other.close()
  })

  it("shows who changed what, with what was before and after", async () => {
    const { page } = console
    await console.goto("/audit")
    await page.getByLabel("Operation").fill("createApiKey")
    await page.getByRole("cell", { name: "createApiKey" }).first().waitFor()
    // Until the list is filtered, the last row is another's. Before it was read it has no row at all.
    const others = page.locator("tbody tr").filter({ hasNotText: "createApiKey" })
    await others.first().waitFor({ state: "detached" })
    // Of what was made there is no before.
    assert.strictEqual(await page.getByText("Before").count(), 0)
    await page.locator("summary", { hasText: "After" }).last().click()
    await page.getByText('"name": "billing"').waitFor()
    await expectAccessible(page)
    await picture(page, "audit")
  })
}
