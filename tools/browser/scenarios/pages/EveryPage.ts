import { assert, it } from "@effect/vitest"
import { expectAccessible, expectFits, newContext, picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"
import { tabTo } from "../support/Keyboard.ts"

/** Scenarios that hold for all pages: keyboard, small screens, colours and languages. */
export const everyPage = (console: ConsoleInBrowser): void => {
  it("is used by the keyboard alone", async () => {
    const { browser, roost } = console
    const fresh = await newContext(browser)
    const keys = await fresh.newPage()
    await keys.goto(`${roost.registryUrl}/sign-in`)
    await tabTo(keys, keys.getByLabel("API token"))
    await keys.keyboard.type(roost.token)
    await keys.keyboard.press("Enter")
    await tabTo(keys, keys.getByLabel("Search"))
    await keys.keyboard.type("meter-1")
    await keys.getByText("1 device", { exact: true }).waitFor()
    await tabTo(keys, keys.getByRole("link", { name: "Meter 1" }))
    await keys.keyboard.press("Enter")
    await tabTo(keys, keys.getByRole("tab", { name: "Overview" }))
    await keys.keyboard.press("ArrowRight")
    await keys.getByLabel("Point", { exact: true }).waitFor()
    await tabTo(keys, keys.getByRole("button", { name: "Disable" }))
    await keys.keyboard.press("Enter")
    await keys.getByRole("dialog").waitFor()
    await keys.keyboard.press("Escape")
    await keys.getByRole("dialog").waitFor({ state: "detached" })
    assert.isTrue(
      await keys.getByRole("button", { name: "Disable" }).evaluate((element) => element === document.activeElement)
    )
    await fresh.close()
  })

  it("fits 390 pixels, in the dark and in Chinese", async () => {
    const { browser, roost } = console
    const small = await newContext(browser, {
      viewport: { width: 390, height: 844 },
      colorScheme: "dark",
      locale: "zh-CN",
      isMobile: true,
      hasTouch: true
    })
    const phone = await small.newPage()
    await phone.goto(await console.signInLink())
    await phone.getByRole("heading", { name: "设备", level: 1 }).waitFor()
    const paths = [
      "/devices",
      "/devices/meters/meter-1",
      "/devices/meters/meter-1?tab=commands",
      "/products",
      "/strangers",
      "/webhooks",
      "/sinks",
      "/cluster",
      "/access",
      "/audit"
    ]
    for (const path of paths) {
      await phone.goto(roost.registryUrl + path)
      await phone.getByRole("heading", { level: 1 }).waitFor()
      await phone.locator(".panel").first().waitFor()
      await expectFits(phone, path)
      await expectAccessible(phone)
      if (path === "/devices" || path === "/devices/meters/meter-1")
        await picture(phone, `phone${path.replaceAll("/", "-")}`)
    }
    await small.close()
    const dark = await newContext(browser, { colorScheme: "dark" })
    const night = await dark.newPage()
    await night.goto(await console.signInLink())
    await night.getByRole("link", { name: "Meter 1" }).waitFor()
    await picture(night, "fleet-dark")
    await expectAccessible(night)
    await dark.close()
  })
}
