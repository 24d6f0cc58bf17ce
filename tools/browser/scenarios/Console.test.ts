import type { Device } from "@roost/device"
import type { RoostProcesses } from "@roost/testkit"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { complaintsOf, expectAccessible, launch, newContext, picture, transferred } from "./support/Browser.ts"
import { meter, meterSecret, startRoost, unitCount } from "./support/TestRoost.ts"

let roost: RoostProcesses
let units: Promise<void>
let browser: Browser
let context: BrowserContext
let page: Page
let device: Device
let complaints: ReadonlyArray<string>

const signInLink = async (): Promise<string> => {
  const { body } = await roost.registry("POST", "/v1/console/codes")
  return `${roost.registryUrl}/sign-in#code=${body.code}`
}
const goto = (path: string) => page.goto(roost.registryUrl + path)

beforeAll(async () => {
  ;({ roost, units } = await startRoost())
  browser = await launch()
  context = await newContext(browser)
  page = await context.newPage()
  complaints = complaintsOf(page)
  device = meter(roost)
})

afterAll(async () => {
  await device?.close()
  await browser?.close()
  await units?.catch(() => {})
  await roost?.[Symbol.asyncDispose]()
})

describe("the console in a browser", () => {
  it("signs in by a link once, keeps no token, and takes 300 kB", async () => {
    const bytes = transferred(page)
    await goto("/devices?q=meter")
    await page.getByLabel("API token").waitFor()
    await picture(page, "sign-in")
    await expectAccessible(page)

    const link = await signInLink()
    await page.goto(link)
    await page.getByRole("link", { name: "Meter 1" }).waitFor()
    // The address that was wanted, without the code.
    expect(page.url()).toBe(`${roost.registryUrl}/devices?q=meter`)
    expect(await bytes()).toBeLessThan(300_000)
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])
    )
    expect(kept).not.toMatch(/[\w-]{20,}/)
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" })

    const other = await newContext(browser)
    const second = await other.newPage()
    await second.goto(link)
    await second.getByText("The link signs nobody in any more").waitFor()
    await second.getByLabel("API token").fill(roost.token)
    await second.getByRole("button", { name: "Sign in" }).click()
    await second.getByRole("heading", { name: "Fleet" }).waitFor()
    await second.getByRole("button", { name: "Sign out" }).click()
    await second.getByLabel("API token").waitFor()
    await second.goto(`${roost.registryUrl}/devices`)
    await second.getByLabel("API token").waitFor()
    await other.close()
  })

  it("shows an uplink within a second of its 2.04, without a reload", async () => {
    await device.connect(meterSecret)
    await goto("/devices/meters/meter-1")
    await page.getByText("Online", { exact: true }).first().waitFor()
    await device.report({ temp: 20.25 })
    await page.locator('[data-point="temp"]', { hasText: "20.25" }).waitFor()
    await page.evaluate(() => Object.assign(globalThis, { notReloaded: true }))
    for (const temp of [21.5, 19.75, 22.125]) {
      await device.report({ temp })
      const answeredAt = performance.now()
      await page.locator('[data-point="temp"]', { hasText: String(temp) }).waitFor()
      expect(performance.now() - answeredAt).toBeLessThan(1_000)
    }
    expect(await page.evaluate(() => "notReloaded" in globalThis)).toBe(true)
    await picture(page, "device")
    await expectAccessible(page)
    await page.getByRole("tab", { name: "Uplinks" }).click()
    await page.getByRole("button", { name: /22\.125/ }).click()
    await page.getByText("thing.measurepoint.post").first().waitFor()
    await expectAccessible(page)
  })

  it("finds one of 100 000 devices within a second, and keeps 80 rows in the page", async () => {
    await units
    await goto("/devices?product=units")
    await page.getByText("10,000+ devices").waitFor()
    for (let i = 0; i < 12; i++) {
      await page.mouse.wheel(0, 4_000)
      await page.waitForTimeout(60)
      expect(await page.getByRole("row").count()).toBeLessThanOrEqual(80)
    }
    await page.evaluate(() => scrollTo(0, 0))
    const wanted = `unit-${String(unitCount - 22_222).padStart(6, "0")}`
    const search = page.getByLabel("Search")
    await search.pressSequentially(wanted.slice(0, -1), { delay: 5 })
    await search.press(wanted.at(-1)!)
    const typedAt = performance.now()
    await page.getByText(wanted, { exact: true }).waitFor()
    await page.getByText("1 device").waitFor()
    expect(performance.now() - typedAt).toBeLessThan(1_000)
  })

  it("goes on by itself after the registry was away", async () => {
    await goto("/devices/meters/meter-1")
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

  it("complained of nothing", () => expect(complaints).toEqual([]))
})
