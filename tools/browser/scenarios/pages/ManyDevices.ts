import { assert, it } from "@effect/vitest"
import { picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"
import { unitCount } from "../support/TestRoost.ts"

/** One of a hundred thousand devices. */
export const manyDevices = (console: ConsoleInBrowser): void => {
  it("finds one of 100 000 devices within a second, and keeps 80 rows in the page", async () => {
    const { page, units } = console
    await units
    await console.goto("/devices?product=units")
    await page.getByText("10,000+ devices").waitFor()
    await picture(page, "fleet")
    await page.mouse.move(700, 600)
    for (let i = 0; i < 12; i++) {
      await page.mouse.wheel(0, 4_000)
      await page.waitForTimeout(60)
      assert.isAtMost(await page.getByRole("row").count(), 80)
    }
    await page.evaluate(() => scrollTo(0, 0))
    const search = page.getByRole("textbox", { name: "Search" })
    const waits: Array<number> = []
    for (const at of [22_222, 44_444, 77_777]) {
      const wanted = `unit-${String(unitCount - at).padStart(6, "0")}`
      await search.fill("")
      await search.pressSequentially(wanted.slice(0, -1), { delay: 5 })
      await search.press(wanted.at(-1)!)
      const typedAt = performance.now()
      await page.getByText(wanted, { exact: true }).waitFor()
      await page.getByText("1 device", { exact: true }).waitFor()
      waits.push(performance.now() - typedAt)
    }
    assert.isBelow(Math.min(...waits), 1_000)
  })
}
