import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { accessPages } from "./pages/AccessPages.ts"
import { devicePage } from "./pages/DevicePage.ts"
import { everyPage } from "./pages/EveryPage.ts"
import { fleetPage } from "./pages/FleetPage.ts"
import { manyDevices } from "./pages/ManyDevices.ts"
import { operatorPages } from "./pages/OperatorPages.ts"
import { productPage } from "./pages/ProductPage.ts"
import { registryAway } from "./pages/RegistryAway.ts"
import { signIn } from "./pages/SignIn.ts"
import { tellFailure } from "./support/Browser.ts"
import { ConsoleInBrowser } from "./support/ConsoleInBrowser.ts"

const console = new ConsoleInBrowser()

beforeAll(() => console.start())

afterEach(({ task }) => tellFailure(console.page, task))

afterAll(() => console[Symbol.asyncDispose]())

// One Roost and one page for all, in this order: who changed what is shown of the changes before.
describe("the console in a browser", () => {
  signIn(console)
  devicePage(console)
  fleetPage(console)
  productPage(console)
  operatorPages(console)
  accessPages(console)
  everyPage(console)
  // The units are registered beside the scenarios before, and the registry is killed after that.
  manyDevices(console)
  registryAway(console)
  it("complained of nothing", () => assert.deepStrictEqual(console.complaints, []))
})
