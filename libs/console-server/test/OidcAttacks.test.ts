import { assert, describe, it } from "@effect/vitest"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { flowsMax } from "../src/oidc/OidcFlow.ts"
import { answerBytesMax, clockToleranceSeconds } from "../src/oidc/OidcLimits.ts"
import { answerOf, Browser } from "./support/Browser.ts"
import { lyingIssuer, part, strangersKey, type Ways } from "./support/Issuer.ts"
import { instance } from "./support/Served.ts"

const path = "/v1/console/oidc"

const settings = (issuer: string, publicUrl: string) => ({
  ROOST_OIDC_ISSUER: issuer,
  ROOST_OIDC_CLIENT_ID: "roost",
  ROOST_OIDC_ROLES: "ops=operator",
  ROOST_PUBLIC_URL: publicUrl
})

/** A registry at a lying issuer, and a browser that began to sign in as often as it likes. */
const world = Effect.gen(function* () {
  const issuer = yield* lyingIssuer
  const env = settings(issuer.url, "http://127.0.0.1:1")
  const served = yield* instance(yield* natsServer(), "/nowhere", undefined, undefined, undefined, env)
  /** The browser, the state that it got, and a code that the issuer takes. */
  const begin = (browser = new Browser()) =>
    Effect.promise(async () => {
      const response = await browser.ask(`${served.origin}${path}`)
      const asked = new URL(response.headers.get("location")!)
      const code = Math.random().toString(36).slice(2)
      issuer.nonces.set(code, asked.searchParams.get("nonce")!)
      return { asked, browser, code, state: asked.searchParams.get("state")! }
    })
  const finish = (browser: Browser, query: Readonly<Record<string, string>> | string) =>
    Effect.promise(async () => {
      const search = typeof query === "string" ? query : new URLSearchParams(query).toString()
      const response = await browser.ask(`${served.origin}${path}/callback?${search}`)
      const text = await response.text()
      return { status: response.status, text, location: response.headers.get("location"), headers: response.headers }
    })
  /** As an honest browser does. */
  const signIn = Effect.gen(function* () {
    const { browser, code, state } = yield* begin()
    return { browser, ...(yield* finish(browser, { code, state })) }
  })
  return { issuer, served, begin, finish, signIn }
})

describe("an OpenID Connect sign-in", () => {
  it.live(
    "takes no token of another issuer, audience, time, nonce or key, and no role of another kind than texts",
    () =>
      Effect.gen(function* () {
        const { issuer, served, signIn } = yield* world
        const honest: Ways = { ...issuer.ways }
        const now = Math.floor(Date.now() / 1_000)
        const taken: ReadonlyArray<Partial<Ways>> = [
          {},
          { claims: { groups: "ops" } },
          { claims: { groups: undefined }, userinfo: { sub: "ada", groups: ["ops"] } },
          { claims: { aud: ["roost", "other"], azp: "roost" } },
          { claims: { exp: now - clockToleranceSeconds / 2 } }
        ]
        const refused: ReadonlyArray<readonly [Partial<Ways>, number, RegExp]> = [
          [{ claims: { iss: "https://evil.example" } }, 502, /a claim iss/],
          [{ claims: { aud: "another" } }, 502, /a claim aud/],
          [{ claims: { aud: ["roost", "other"], azp: "other" } }, 502, /a claim azp|not good/],
          [{ claims: { nonce: "another" } }, 502, /a claim nonce/],
          [{ claims: { nonce: undefined } }, 502, /nonce|not good/],
          [{ claims: { exp: now - 2 * clockToleranceSeconds } }, 502, /clocks/],
          [{ claims: { nbf: now + 2 * clockToleranceSeconds } }, 502, /clocks/],
          [{ claims: { sub: undefined } }, 502, /not good/],
          [{ claims: { sub: "a".repeat(256) } }, 502, /subject/],
          [{ key: strangersKey }, 502, /not good/],
          [{ idToken: (token) => `${part({ alg: "none" })}.${token.split(".")[1]}.` }, 502, /not good/],
          [
            { idToken: (token) => `${part({ alg: "HS256", kid: "1" })}.${token.split(".").slice(1).join(".")}` },
            502,
            /not good/
          ],
          [{ idToken: () => "no token" }, 502, /not good/],
          [{ claims: { pad: "x".repeat(answerBytesMax) } }, 503, /no answer/],
          [{ token: { status: 200, body: `{"a":"${"x".repeat(answerBytesMax)}"}` } }, 503, /no answer/],
          [{ token: { status: 200, body: "<html>" } }, 502, /not good/],
          [{ token: { status: 401, body: `{"error":"invalid_client"}` } }, 502, /ROOST_OIDC_CLIENT_SECRET/],
          [{ token: { status: 302, body: "" } }, 502, /not good/],
          [{ claims: { groups: undefined } }, 403, /no claim groups/],
          [{ claims: { groups: [] } }, 403, /an empty list/],
          [{ claims: { groups: ["OPS", "ops "] } }, 403, /OPS/],
          [{ claims: { groups: { ops: true } } }, 403, /an object/],
          [{ claims: { groups: [["ops"]] } }, 403, /a list that has a list/],
          [{ claims: { groups: [1, "ops"] } }, 403, /a list that has a number/],
          [{ claims: { groups: true } }, 403, /a boolean/],
          [{ claims: { groups: null } }, 403, /null/],
          [{ claims: { groups: ["<script>"] } }, 403, /&#60;script&#62;/],
          [
            { claims: { groups: undefined }, userinfo: { sub: "another", groups: ["ops"] } },
            502,
            /not good|another one/
          ]
        ]
        for (const ways of taken) {
          Object.assign(issuer.ways, honest, ways)
          const { location, status } = yield* signIn
          assert.deepStrictEqual([status, location], [303, "/sign-in"], JSON.stringify(ways))
        }
        for (const [ways, expected, words] of refused) {
          Object.assign(issuer.ways, honest, ways)
          const { browser, status, text } = yield* signIn
          assert.strictEqual(status, expected, `${JSON.stringify(ways).slice(0, 200)} ${text}`)
          assert.match(text, words)
          for (const part of ["What came", "Expected", "Likely cause", "What helps"]) assert.include(text, part)
          assert.deepStrictEqual(browser.cookiesOf(served.origin), [])
        }
      }),
    120_000
  )

  it.live(
    "is of the browser that began it, once, and leads nowhere else",
    () =>
      Effect.gen(function* () {
        const { begin, finish, issuer, served } = yield* world
        const one = yield* begin()
        const { asked } = one
        assert.strictEqual(asked.origin, issuer.url)
        assert.deepInclude(Object.fromEntries(asked.searchParams), {
          response_type: "code",
          client_id: "roost",
          redirect_uri: "http://127.0.0.1:1/v1/console/oidc/callback",
          code_challenge_method: "S256"
        })
        // Login CSRF: the attacker's answer in the victim's browser, with a sign-in under way there, and without.
        for (const victim of [(yield* begin()).browser, new Browser()]) {
          const forged = yield* finish(victim, { code: one.code, state: one.state })
          assert.strictEqual(forged.status, 401)
          assert.include(forged.text, "did not begin in this browser")
        }
        // Mix-up: the answer of another issuer (RFC 9207).
        const mixed = yield* finish(one.browser, { code: one.code, state: one.state, iss: "https://evil.example" })
        assert.strictEqual(mixed.status, 502)
        // It is over by that: a state is tried once.
        assert.strictEqual((yield* finish(one.browser, { code: one.code, state: one.state })).status, 401)

        const two = yield* begin()
        for (const query of [
          "",
          "state=",
          `state=${two.state}&state=${two.state}&code=${two.code}`,
          "state=__proto__"
        ]) {
          assert.strictEqual((yield* finish(two.browser, query)).status, 401, query)
        }
        const denied = yield* finish(two.browser, {
          state: two.state,
          error: "access_denied",
          error_description: `<b>${"x".repeat(5_000)}`
        })
        assert.strictEqual(denied.status, 401)
        assert.notInclude(denied.text, "<b>")
        assert.isBelow(denied.text.length, 3_000)

        // Two codes of one state, a code of another's sign-in, and a code twice.
        const three = yield* begin()
        assert.strictEqual((yield* finish(three.browser, `state=${three.state}&code=a&code=${three.code}`)).status, 502)
        const four = yield* begin()
        const five = yield* begin()
        const stolen = yield* finish(four.browser, { state: four.state, code: five.code })
        assert.strictEqual(stolen.status, 502)
        const six = yield* begin()
        const done = yield* finish(six.browser, { state: six.state, code: six.code })
        assert.deepStrictEqual([done.status, done.location], [303, "/sign-in"])
        const seven = yield* begin(six.browser)
        const replayed = yield* finish(seven.browser, { state: seven.state, code: six.code })
        assert.strictEqual(replayed.status, 401)
        assert.include(replayed.text, "invalid_grant")

        // Session fixation: a session that was there is not the one that comes out.
        const eight = yield* begin(new Browser())
        const fixed = "A".repeat(32)
        const fixation = yield* served.call("GET", `${path}/callback?state=${eight.state}&code=${eight.code}`, {
          cookie: `roost-console-${served.port}=${fixed}`
        })
        assert.strictEqual(fixation.status, 401)

        // The address that is registered, and no other, whatever the headers and parameters say.
        for (const headers of [
          { host: "evil.example" },
          { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
          { forwarded: "host=evil.example;proto=https" },
          { referer: "https://evil.example/", origin: "https://evil.example" }
        ]) {
          const { headers: answer } = yield* answerOf(`${served.origin}${path}`, headers as Record<string, string>)
          const led = new URL(String(answer.location))
          assert.strictEqual(led.origin, issuer.url)
          assert.strictEqual(led.searchParams.get("redirect_uri"), "http://127.0.0.1:1/v1/console/oidc/callback")
        }
        for (const query of [
          "to=https://evil.example",
          "port=40404",
          "port=80&challenge=x&state=y",
          `port=40404&challenge=${"a".repeat(43)}&state=${"b".repeat(22)}&state=c`,
          `port=40404@evil.example&challenge=${"a".repeat(43)}&state=${"b".repeat(22)}`
        ]) {
          const answer = yield* answerOf(`${served.origin}${path}?${query}`)
          assert.deepStrictEqual([answer.status, answer.headers.location], [400, undefined], query)
        }

        // Begun without end: the browser keeps some, the registry none.
        const many = new Browser()
        for (let i = 0; i < 3 * flowsMax; i++) yield* begin(many)
        assert.isAtMost(many.cookiesOf(served.origin).length, flowsMax)
      }),
    120_000
  )

  it.live("waits for a provider that is away without keeping the registry from serving", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const env = settings("http://127.0.0.1:9", "http://127.0.0.1:1")
      const { call, origin } = yield* instance(server, "/nowhere", undefined, undefined, undefined, env)
      const answer = yield* call("GET", path)
      assert.deepStrictEqual([answer.status, answer.headers["retry-after"]], [503, "2"])
      assert.include(answer.text, "the provider is down")
      assert.strictEqual(
        (yield* call("POST", "/v1/console/session", { origin }, { token: "0123456789abcdef" })).status,
        201
      )
      const none = yield* instance(server, "/nowhere")
      assert.deepStrictEqual(JSON.parse((yield* none.call("GET", "/v1/console/ways")).text), {})
      assert.strictEqual((yield* none.call("GET", path)).status, 404)
      // Metadata of another issuer, such as Entra's of every tenant.
      const liar = yield* lyingIssuer
      Object.assign(liar.ways, { metadata: { issuer: "https://id.example" } })
      const wrong = yield* instance(server, "/nowhere", undefined, undefined, undefined, settings(liar.url, origin))
      const told = yield* wrong.call("GET", path)
      assert.strictEqual(told.status, 502)
      assert.include(told.text, "ROOST_OIDC_ISSUER")
    })
  )
})
