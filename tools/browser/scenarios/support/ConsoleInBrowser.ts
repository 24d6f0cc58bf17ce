import type { Device } from "@roost/device"
import type { RoostProcesses } from "@roost/testkit"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { complaintsOf, launch, newContext } from "./Browser.ts"
import { meter, startRoost } from "./TestRoost.ts"

/** The console of a Roost with a hundred thousand devices in one page of a browser, for all scenarios. There is nothing before `start`. */
export class ConsoleInBrowser implements AsyncDisposable {
  roost!: RoostProcesses
  /** Resolves when all units are registered. */
  units!: Promise<void>
  browser!: Browser
  context!: BrowserContext
  page!: Page
  device!: Device
  complaints: ReadonlyArray<string> = []

  async start(): Promise<void> {
    Object.assign(this, await startRoost())
    this.browser = await launch()
    this.context = await newContext(this.browser)
    this.page = await this.context.newPage()
    this.complaints = complaintsOf(this.page)
    this.device = meter(this.roost)
  }

  async signInLink(): Promise<string> {
    const { body } = await this.roost.registry("POST", "/v1/console/codes")
    return `${this.roost.registryUrl}/sign-in#code=${body.code}`
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(this.roost.registryUrl + path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.device?.close()
    await this.browser?.close()
    await this.units?.catch(() => {})
    await this.roost?.[Symbol.asyncDispose]()
  }
}
