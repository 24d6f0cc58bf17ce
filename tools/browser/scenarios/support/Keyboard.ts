import type { Locator, Page } from "playwright-core"

/** Stops of the keyboard after which it is lost. */
const stopsMax = 80

/** Comes to an element by Tab alone, as who has no mouse does. */
export const tabTo = async (page: Page, wanted: Locator): Promise<void> => {
  await wanted.waitFor()
  for (let stop = 0; stop < stopsMax; stop++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press("Tab")
  }
  throw new Error(`${stopsMax} times Tab did not come to ${String(wanted)}`)
}
