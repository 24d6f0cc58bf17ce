import { assert, describe, it } from "@effect/vitest"
import { consoleSessionMillis } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { oidcClient, oidcProvider } from "@roost/testkit/oidc-provider"
import { Effect } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { answerOf, Browser } from "./support/Browser.ts"
import { instance } from "./support/Served.ts"

/** The console's address as the provider knows it, before there is a port. */
const outside = "http://127.0.0.1:1"
const callback = `${outside}/v1/console/oidc/callback`

const settings = (issuer: string) => ({
  ROOST_OIDC_ISSUER: issuer,
  ROOST_OIDC_CLIENT_ID: oidcClient.id,
  ROOST_OIDC_CLIENT_SECRET: oidcClient.secret,
  ROOST_OIDC_ROLES: "ops=operator;fw=firmware:meters",
  ROOST_OIDC_SESSION_SECONDS: "3600",
  ROOST_PUBLIC_URL: outside
})

describe("signing in by OpenID Connect", () => {
  it.live("leads to the provider and back, at any registry, with the roles of the groups of now", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const groups = { ada: ["staff", "ops"], eve: ["guests"] }
      const { url } = yield* oidcProvider(groups, callback)
      const env = settings(url)
      const { call, entries, origin } = yield* instance(server, "/nowhere", undefined, undefined, undefined, env)
      const ways = JSON.parse((yield* call("GET", "/v1/console/ways")).text)
      assert.deepStrictEqual(ways, { oidc: { name: new URL(url).host, address: `${outside}/v1/console/oidc` } })

      const browser = new Browser({ [outside]: origin })
      const at = yield* Effect.promise(() => browser.signIn(ways.oidc.address, "ada"))
      assert.strictEqual(new URL(at.url).pathname, "/sign-in")
      // The sign-in under way is over: what is kept is the session.
      assert.deepStrictEqual(
        browser.cookiesOf(origin).map((name) => name.replace(/\d+$/, "")),
        ["roost-console-"]
      )
      const sessionAt = (place: string) =>
        Effect.promise(async () => JSON.parse((await browser.visit(`${place}/v1/console/session`)).text))
      const { expiresAt, principal } = yield* sessionAt(origin)
      assert.deepStrictEqual(principal, {
        kind: "oidc",
        id: `${url}#ada`,
        name: "ada",
        grants: [{ role: "operator" }]
      })
      assert.isAtMost(expiresAt, Date.now() + 3_600_000)
      assert.deepInclude(entries.at(-1), {
        operation: "signIn",
        who: { kind: "oidc", id: `${url}#ada`, name: "ada" }
      })

      // Out at the provider, who is in here stays so until the session's end, and has to sign in there for another one.
      browser.forget(url)
      assert.strictEqual((yield* sessionAt(origin)).principal.name, "ada")
      groups.ada = ["fw"]
      const again = yield* Effect.promise(() => browser.signIn(`${outside}/v1/console/oidc`, "ada"))
      assert.strictEqual(new URL(again.url).pathname, "/sign-in")
      assert.deepStrictEqual((yield* sessionAt(origin)).principal.grants, [{ role: "firmware", products: ["meters"] }])

      // A sign-in that one registry began another one ends: the browser alone has it.
      const other = yield* instance(server, "/nowhere", undefined, undefined, undefined, env)
      const begun = yield* Effect.promise(() => browser.ask(`${origin}/v1/console/oidc`))
      const through = yield* Effect.promise(() => browser.ask(begun.headers.get("location")!))
      const back = new URL(through.headers.get("location")!)
      assert.strictEqual(`${back.origin}${back.pathname}`, callback)
      const cookie = begun.headers.getSetCookie()[0]!.split(";", 1)[0]!
      const ended = yield* answerOf(`${other.origin}${back.pathname}${back.search}`, { cookie })
      assert.deepStrictEqual([ended.status, ended.headers.location], [303, "/sign-in"])

      // With other roles of the groups, sessions of before are over.
      const changed = { ...env, ROOST_OIDC_ROLES: "fw=viewer" }
      const third = yield* instance(server, "/nowhere", undefined, undefined, undefined, changed)
      const session = String(ended.headers["set-cookie"]).match(/roost-console-\d+=([\w-]+)/)![1]!
      assert.strictEqual(
        (yield* other.call("GET", "/v1/thing", { cookie: `roost-console-${other.port}=${session}` })).status,
        403
      )
      assert.strictEqual(
        (yield* third.call("GET", "/v1/thing", { cookie: `roost-console-${third.port}=${session}` })).status,
        401
      )

      const stranger = new Browser({ [outside]: origin })
      const refused = yield* Effect.promise(() => stranger.signIn(`${outside}/v1/console/oidc`, "eve"))
      assert.strictEqual(refused.status, 403)
      for (const words of ["eve, who has", "&#34;guests&#34;", "ROOST_OIDC_ROLES", "Ask who runs"]) {
        assert.include(refused.text, words)
      }
      assert.deepStrictEqual(stranger.cookiesOf(origin), [])
      const last = entries.at(-1)!
      assert.deepStrictEqual([last.operation, last.who.name], ["signInRefused", "eve"])
      assert.hasAllKeys(last.after, ["came", "expected", "cause", "cure"])
    })
  )

  it.live("gives roost a session by a code that only its verifier takes, and none that outlasts the person's", () =>
    Effect.gen(function* () {
      const { url } = yield* oidcProvider({ ada: ["ops"] }, callback)
      const served = yield* instance(yield* natsServer(), "/nowhere", undefined, undefined, undefined, settings(url))
      const { call, entries, origin } = served
      const browser = new Browser({ [outside]: origin })
      const verifier = randomBytes(32).toString("base64url")
      const challenge = createHash("sha256").update(verifier).digest("base64url")
      const state = randomBytes(32).toString("base64url")
      const query = new URLSearchParams({ port: "40404", challenge, state })
      const page = yield* Effect.promise(() => browser.signIn(`${outside}/v1/console/oidc?${query.toString()}`, "ada"))
      // The person is asked: a redirection would hand a session to whoever listens at the port.
      assert.strictEqual(page.status, 200)
      assert.include(page.text, "ada (operator)")
      assert.deepStrictEqual(browser.cookiesOf(origin), [])
      const link = new URL(/href="([^"]+)"/.exec(page.text)![1]!.replaceAll("&#38;", "&"))
      assert.strictEqual(link.origin, "http://127.0.0.1:40404")
      assert.strictEqual(link.searchParams.get("state"), state)
      const code = link.searchParams.get("code")!

      const exchange = (body: object) => call("POST", "/v1/console/tokens", {}, body)
      assert.strictEqual((yield* exchange({ code, verifier: `${verifier}x` })).status, 401)
      assert.strictEqual((yield* call("POST", "/v1/console/session", { origin }, { code })).status, 401)
      const exchanged = yield* exchange({ code, verifier })
      assert.strictEqual(exchanged.status, 201)
      const { expiresAt, principal, token } = JSON.parse(exchanged.text)
      assert.strictEqual(principal.name, "ada")
      assert.isAtMost(expiresAt, Date.now() + 3_600_000)
      assert.strictEqual((yield* exchange({ code, verifier })).status, 401)
      assert.strictEqual(entries.at(-1)!.operation, "signIn")

      const authorization = `Bearer ${token}`
      // It is for admins: who asks is known, and is not one.
      assert.strictEqual((yield* call("POST", "/v1/thing", { authorization })).status, 403)
      // A code that it makes gives a session that ends with it.
      const made = yield* call("POST", "/v1/console/codes", { authorization })
      const byCode = yield* call("POST", "/v1/console/session", { origin }, { code: JSON.parse(made.text).code })
      assert.strictEqual(byCode.status, 201)
      assert.isAtMost(JSON.parse(byCode.text).expiresAt, expiresAt + 1_000)
      assert.isBelow(JSON.parse(byCode.text).expiresAt, Date.now() + consoleSessionMillis - 1_000)

      assert.strictEqual((yield* call("DELETE", "/v1/console/session", { authorization })).status, 204)
      const over = yield* call("GET", "/v1/thing", { authorization })
      assert.strictEqual(over.status, 401)
      assert.include(over.text, "roost login")
    })
  )
})
