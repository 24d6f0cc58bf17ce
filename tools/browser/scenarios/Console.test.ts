import type { Device } from "@roost/device"
import type { RoostProcesses } from "@roost/testkit"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  complaintsOf,
  expectAccessible,
  expectFits,
  launch,
  newContext,
  picture,
  transferred
} from "./support/Browser.ts"
import { tabTo } from "./support/Keyboard.ts"
import { meter, meterSecret, refusedHandshake, startRoost, unitCount } from "./support/TestRoost.ts"

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

afterEach(async ({ task }) => {
  // What was seen when it failed, where pictures are looked at.
  if (task.result?.state === "fail") await picture(page, `failed-${task.name.slice(0, 20).replaceAll(" ", "-")}`)
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

  it("shows an uplink within a second of its 2.04, without a reload", async () => {
    await device.connect(meterSecret)
    await goto("/devices/meters/meter-1")
    await page.getByText("Online", { exact: true }).first().waitFor()
    await device.report({ temp: 20.25 })
    await page.locator('[data-point="temp"]', { hasText: "20.25" }).waitFor()
    await page.evaluate(() => Object.assign(globalThis, { notReloaded: true }))
    const waits: Array<number> = []
    for (const temp of [21.5, 19.75, 23.5, 20.5, 22.125]) {
      await device.report({ temp })
      const answeredAt = performance.now()
      await page.locator('[data-point="temp"]', { hasText: String(temp) }).waitFor()
      waits.push(performance.now() - answeredAt)
    }
    // Of several, since a machine that has more to do lets one wait.
    assert.isBelow(Math.min(...waits), 1_000)
    assert.strictEqual(await page.evaluate(() => "notReloaded" in globalThis), true)
    await picture(page, "device")
    await expectAccessible(page)
    await page.getByRole("tab", { name: "Uplinks" }).click()
    await page.getByRole("button", { name: /22\.125/ }).click()
    await page.getByText("thing.measurepoint.post").first().waitFor()
    await expectAccessible(page)
  })

  it("sends a command by a form of the thing model, and shows each of its steps", async () => {
    await goto("/devices/meters/meter-1?tab=commands")
    await page.getByLabel("Point", { exact: true }).selectOption("limit")
    await page.getByLabel("Value", { exact: true }).fill("thirty")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.getByText("A number is expected").waitFor()
    await page.getByLabel("Value", { exact: true }).fill("30.5")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    const item = page.locator("[data-command]", { hasText: "limit = 30.5" })
    await item.locator('[data-step="created"][data-reached="true"]').waitFor()
    assert.strictEqual(await item.getAttribute("data-state"), "created")
    await device.report({ temp: 20 })
    for (const step of ["hinted", "fetched", "replied", "finished"]) {
      await item.locator(`[data-step="${step}"][data-reached="true"]`).waitFor()
    }
    await item.getByText("succeeded").waitFor()
    await picture(page, "commands")
    await expectAccessible(page)
    await page.getByLabel("Kind of command").selectOption("Upgrade the firmware")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.getByText("This is needed").first().waitFor()
    const firmware = {
      Version: "2.0",
      "Address of the file": "https://firmware.example/2.0.bin",
      "Size, bytes": "1024"
    }
    for (const [label, text] of Object.entries(firmware)) await page.getByLabel(label).fill(text)
    await page.getByLabel("Checksum", { exact: true }).fill("0a1b")
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.locator("[data-command]", { hasText: "Upgrade to 2.0" }).waitFor()
  })

  it("says within two seconds why a wrong secret was refused", async () => {
    await goto("/devices/meters/meter-2?tab=why")
    await page.getByRole("heading", { name: "Why" }).waitFor()
    const begunAt = refusedHandshake(roost)
    await page.getByText("wrong-key").waitFor()
    assert.isBelow(performance.now() - begunAt, 2_000)
    await picture(page, "why")
    await expectAccessible(page)
  })

  it("makes a product, a device and its way in, and imports a file with what is wrong by line", async () => {
    await goto("/devices")
    await page.getByRole("button", { name: "New product" }).click()
    await page.getByLabel("Name").fill("Valves")
    await page.getByLabel("Product key").fill("valves")
    await page.getByRole("button", { name: "Create product" }).click()
    await page.getByRole("dialog", { name: "Add a device" }).waitFor()
    await page.getByRole("dialog").getByLabel("Product").fill("Valves")
    await page.getByRole("option", { name: "Valves (valves)" }).click()
    await page.getByLabel("Device key").fill("valve-1")
    await page.getByLabel("Secret").fill("the-secret-of-the-valve")
    await page.getByRole("button", { name: "Add device" }).last().click()
    await page.getByText("valves,valve-1,2,300").first().waitFor()
    await page.getByText(/coap-client-openssl -m post -u valves,valve-1,2,300/).waitFor()
    await picture(page, "connect")
    await expectAccessible(page)
    await page.getByRole("button", { name: "Done" }).click()

    await page.getByRole("button", { name: "Import" }).click()
    await page.getByRole("dialog").getByLabel("Product").fill("Valves")
    await page.getByRole("option", { name: "Valves (valves)" }).click()
    const lines = ["deviceKey,deviceName", "valve-2,Valve 2", "valve-1,again", "bad key!,x", '"valve-3","Valve, 3"']
    const file = { name: "valves.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) }
    await page.locator('input[type="file"]').setInputFiles(file)
    await page.getByRole("dialog").getByRole("button", { name: "Import", exact: true }).click()
    await page.getByText("2 imported").waitFor()
    await page.getByText("2 refused").waitFor()
    await page.getByRole("row", { name: "3 valve-1 the product has a device with this key" }).waitFor()
    await picture(page, "import")
    await expectAccessible(page)
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("textbox", { name: "Search" }).fill("valve, 3")
    await page.getByRole("button", { name: "Actions for Valve, 3" }).click()
    await page.getByRole("menuitem", { name: "Delete" }).click()
    await page.getByRole("button", { name: "Delete", exact: true }).click()
    await page.getByText("No device is like this").waitFor()
  })

  it("writes, tries, publishes and rolls back a script, whose editor takes 250 kB", async () => {
    await goto("/products/trackers")
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
    await goto("/products/meters?tab=model")
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

  it("shows strangers, webhooks and the cluster", async () => {
    await goto("/webhooks")
    await page.getByRole("button", { name: "Add a webhook" }).first().click()
    await page.getByLabel("Address").fill("http://127.0.0.1:9/events")
    await page.getByRole("button", { name: "Add", exact: true }).click()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("button", { name: "Send a test" }).click()
    await page.getByText(/Not taken: the receiver was not reached/).waitFor()
    await picture(page, "webhooks")
    await expectAccessible(page)
    await goto("/strangers")
    refusedHandshake(roost, "nobody")
    await page.getByText("nobody,meter-2").first().waitFor()
    await picture(page, "strangers")
    await expectAccessible(page)
    await goto("/cluster")
    await page.getByText("512 partitions", { exact: true }).waitFor()
    await picture(page, "cluster")
    await expectAccessible(page)
  })

  it("makes a key and an account, lets who has it in with its role, and tells who did so", async () => {
    await goto("/access")
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
    await goto("/audit")
    await page.getByLabel("Operation").fill("createApiKey")
    await page.getByRole("cell", { name: "createApiKey" }).first().waitFor()
    await page.getByText("Before and after").last().click()
    await page.getByText('"name": "billing"').waitFor()
    await expectAccessible(page)
    await picture(page, "audit")
  })

  it("is used by the keyboard alone", async () => {
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
    const small = await newContext(browser, {
      viewport: { width: 390, height: 844 },
      colorScheme: "dark",
      locale: "zh-CN",
      isMobile: true,
      hasTouch: true
    })
    const phone = await small.newPage()
    await phone.goto(await signInLink())
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
    await night.goto(await signInLink())
    await night.getByRole("link", { name: "Meter 1" }).waitFor()
    await picture(night, "fleet-dark")
    await expectAccessible(night)
    await dark.close()
  })

  it("finds one of 100 000 devices within a second, and keeps 80 rows in the page", async () => {
    await units
    await goto("/devices?product=units")
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

  it("complained of nothing", () => assert.deepStrictEqual(complaints, []))
})
