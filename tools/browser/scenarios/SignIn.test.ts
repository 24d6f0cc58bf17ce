import { AppProcess, freeTcpPort, natsServer, temporaryDirectory } from "@roost/testkit"
import { oidcClient, oidcProvider } from "@roost/testkit/oidc-provider"
import { Effect, Exit, Scope } from "effect"
import type { Browser } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { complaintsOf, expectAccessible, launch, newContext, picture } from "./support/Browser.ts"

const scope = Effect.runSync(Scope.make())
let registry: AppProcess
let browser: Browser
let url: string

beforeAll(async () => {
  const port = await Effect.runPromise(freeTcpPort)
  url = `http://127.0.0.1:${port}`
  const started = Effect.all({
    nats: natsServer(),
    folder: temporaryDirectory,
    provider: oidcProvider({ ada: ["ops"], eve: ["guests"] }, `${url}/v1/console/oidc/callback`)
  })
  const { folder, nats, provider } = await Effect.runPromise(Scope.provide(started, scope))
  registry = new AppProcess({
    app: "registry",
    number: 1,
    port,
    relays: [],
    env: {
      NATS_URL: nats.url,
      ROOST_API_TOKEN: "0123456789abcdef",
      ROOST_CLUSTER_KEY: "5a".repeat(32),
      ROOST_CONSOLE_DIR: process.env["ROOST_CONSOLE_DIR"]!,
      ROOST_DATA_DIR: folder,
      ROOST_HTTP_HOST: "127.0.0.1",
      ROOST_OIDC_CLIENT_ID: oidcClient.id,
      ROOST_OIDC_CLIENT_SECRET: oidcClient.secret,
      ROOST_OIDC_ISSUER: provider.url,
      ROOST_OIDC_NAME: "the plant",
      ROOST_OIDC_ROLES: "ops=operator",
      ROOST_PUBLIC_URL: url,
      ROOST_REGISTRY_PORT: String(port)
    }
  })
  await registry.ready()
  browser = await launch()
})

afterAll(async () => {
  await browser?.close()
  await registry?.stop("SIGTERM")
  await Effect.runPromise(Scope.close(scope, Exit.void))
})

describe("signing in by an OpenID Connect provider in a browser", () => {
  const signIn = async (name: string) => {
    const context = await newContext(browser)
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await page.goto(`${url}/devices?q=meter`)
    await page.getByRole("link", { name: "Sign in with the plant" }).click()
    await page.getByPlaceholder("Enter any login").fill(name)
    await page.getByPlaceholder("and password").fill("any")
    await page.getByRole("button", { name: "Sign-in" }).click()
    await page.getByRole("button", { name: "Continue" }).click()
    return { complaints, context, page }
  }

  it("leads back to where the person wanted to go, with a cookie that no script reads", async () => {
    const { complaints, context, page } = await signIn("ada")
    await page.getByRole("heading", { name: "Fleet" }).waitFor()
    assert.strictEqual(page.url(), `${url}/devices?q=meter`)
    // The provider, at another port of the host, has cookies of its own.
    const cookies = (await context.cookies(url)).filter(({ name }) => name.startsWith("roost-"))
    assert.strictEqual(cookies.length, 1)
    assert.deepInclude(cookies[0], { httpOnly: true, sameSite: "Strict" })
    await page.goto(`${url}/access`)
    await page.getByText("You are ada: operator").waitFor()
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByRole("link", { name: "Sign in with the plant" }).waitFor()
    await expectAccessible(page)
    assert.deepStrictEqual(complaints, [])
    await context.close()
  })

  it("tells who has no role what came, what was expected, and whom to ask", async () => {
    const { context, page } = await signIn("eve")
    await page.getByRole("heading", { name: "You are not signed in" }).waitFor()
    await page.getByText('eve, who has the claim groups with "guests"').waitFor()
    await expectAccessible(page)
    await picture(page, "sign-in-refused")
    await page.getByRole("link", { name: "Back to signing in" }).click()
    await page.getByRole("link", { name: "Sign in with the plant" }).waitFor()
    await context.close()
  })
})
