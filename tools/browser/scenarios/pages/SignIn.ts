import { assert, it } from "@effect/vitest"
import { expectAccessible, newContext, picture, transferred } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"

/** The way in, and out. */
export const signIn = (console: ConsoleInBrowser): void => {
  it("signs in by a link once, keeps no token, and takes 300 kB", async () => {
    const { browser, context, page, roost } = console
    const bytes = transferred(page)
    await console.goto("/devices?q=meter")
    await page.getByLabel("API token").waitFor()
    await picture(page, "sign-in")
    await expectAccessible(page)

    const link = await console.signInLink()
    await page.goto(link)
    await page.getByRole("link", { name: "Meter 1" }).waitFor()
    // The address that was wanted, without the code.
    assert.strictEqual(page.url(), `${roost.registryUrl}/devices?q=meter`)
    assert.isBelow(await bytes(), 300_000)
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])
    )
    const [cookie] = await context.cookies()
    assert.deepInclude(cookie, { httpOnly: true, sameSite: "Strict" })
    for (const secret of [cookie!.value, link.split("=")[1]!, roost.token]) assert.notInclude(kept, secret)

    const other = await newContext(browser)
    const second = await other.newPage()
    await second.goto(link)
    await second.getByText("The link signs nobody in any more").waitFor()
    await second.getByLabel("API token").fill(roost.token)
    await second.getByRole("button", { name: "Sign in", exact: true }).click()
    await second.getByRole("heading", { name: "Fleet" }).waitFor()
    await second.getByRole("button", { name: "Sign out" }).click()
    await second.getByLabel("API token").waitFor()
    await second.goto(`${roost.registryUrl}/devices`)
    await second.getByLabel("API token").waitFor()
    await other.close()
  })
}
