import { it } from "@effect/vitest"
import { expectAccessible, picture } from "../support/Browser.ts"
import type { ConsoleInBrowser } from "../support/ConsoleInBrowser.ts"

/** All devices: made, imported, found and deleted. */
export const fleetPage = (console: ConsoleInBrowser): void => {
  it("makes a product, a device and its way in, and imports a file with what is wrong by line", async () => {
    const { page } = console
    await console.goto("/devices")
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
}
