import { assert, describe, it } from "@effect/vitest"
import type { Principal } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Effect, Layer } from "effect"
import { People } from "../src/index.ts"
import { instance, token } from "./support/Served.ts"

const bearer = { authorization: `Bearer ${token}` }

describe("who is signed in at the console", () => {
  it.live("signs in by a code once, by the token, calls the API by the cookie, and is out after signing out", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { call, origin, port } = yield* instance(server, "/nowhere")
      const own = { origin }

      assert.strictEqual((yield* call("POST", "/v1/console/codes")).status, 401)
      const { code } = JSON.parse((yield* call("POST", "/v1/console/codes", bearer)).text) as { readonly code: string }
      const signedIn = yield* call("POST", "/v1/console/session", own, { code })
      assert.strictEqual(signedIn.status, 201)
      const header = String(signedIn.headers["set-cookie"])
      assert.match(
        header,
        new RegExp(`^roost-console-${port}=[\\w-]{32}; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict$`)
      )
      assert.notInclude(signedIn.text, /=([^;]*)/.exec(header)![1]!)
      const cookie = header.split(";", 1)[0]!

      const again = yield* call("POST", "/v1/console/session", own, { code })
      assert.strictEqual(again.status, 401)
      assert.include(again.text, "was used before")
      assert.strictEqual((yield* call("POST", "/v1/console/session", own, { token: "another-one-0123" })).status, 401)
      assert.strictEqual((yield* call("POST", "/v1/console/session", own, { token })).status, 201)

      assert.strictEqual((yield* call("GET", "/v1/console/session", { cookie })).status, 200)
      assert.strictEqual((yield* call("GET", "/v1/thing", { cookie })).status, 200)
      assert.strictEqual((yield* call("POST", "/v1/thing", { ...own, cookie })).status, 200)
      // A cookie of another address is nobody's.
      assert.strictEqual((yield* call("GET", "/v1/thing", { cookie: cookie.replace(String(port), "1") })).status, 401)
      // A wrong token is wrong, whatever cookie comes with it.
      assert.strictEqual((yield* call("GET", "/v1/thing", { cookie, authorization: "Bearer wrong" })).status, 401)

      // Another instance knows who is signed in; one with another token knows nobody.
      const other = yield* instance(server, "/nowhere")
      const there = cookie.replace(String(port), String(other.port))
      assert.strictEqual((yield* other.call("GET", "/v1/thing", { cookie: there })).status, 200)
      const changed = yield* instance(server, "/nowhere", "fedcba9876543210")
      const thereToo = cookie.replace(String(port), String(changed.port))
      assert.strictEqual((yield* changed.call("GET", "/v1/thing", { cookie: thereToo })).status, 401)
      // While the token is exchanged, whoever signed in by the one before stays signed in, and can sign out.
      const exchanging = yield* instance(server, "/nowhere", "fedcba9876543210", token)
      const meanwhile = cookie.replace(String(port), String(exchanging.port))
      assert.strictEqual((yield* exchanging.call("GET", "/v1/thing", { cookie: meanwhile })).status, 200)
      const fromThere = { origin: exchanging.origin }
      const second = yield* call("POST", "/v1/console/session", own, { token })
      const secondCookie = String(second.headers["set-cookie"]).split(";", 1)[0]!
      const secondThere = secondCookie.replace(String(port), String(exchanging.port))
      yield* exchanging.call("DELETE", "/v1/console/session", { ...fromThere, cookie: secondThere })
      assert.strictEqual((yield* call("GET", "/v1/thing", { cookie: secondCookie })).status, 401)

      const out = yield* call("DELETE", "/v1/console/session", { ...own, cookie })
      assert.strictEqual(out.status, 204)
      assert.match(String(out.headers["set-cookie"]), /Max-Age=0/)
      assert.strictEqual((yield* other.call("GET", "/v1/thing", { cookie: there })).status, 401)
      assert.strictEqual((yield* call("GET", "/v1/console/session", { cookie })).status, 401)
    })
  )

  it.live("signs in by name and password, with the roles of now, and is out when the password is another one", () =>
    Effect.gen(function* () {
      const ada: Principal = { kind: "account", id: "ada", name: "Ada", grants: [{ role: "admin" }] }
      const known = { version: 1, grants: ada.grants }
      const people = Layer.succeed(People, {
        byPassword: (name, password) =>
          Effect.succeed(
            name !== "ada"
              ? { _tag: "LockedOut", retryAfterSeconds: 300 }
              : password === "right"
                ? { _tag: "Right", principal: ada, version: known.version }
                : { _tag: "Wrong", lockedNow: false }
          ),
        current: (principal, version) =>
          Effect.sync(() => (version === known.version ? { ...principal, grants: known.grants } : undefined)),
        versionOf: () => Effect.sync(() => known.version)
      })
      const { call, origin } = yield* instance(
        yield* natsServer(),
        "/nowhere",
        token,
        undefined,
        people as Layer.Layer<never>
      )
      const signIn = (body: object) => call("POST", "/v1/console/session", { origin }, body)
      assert.strictEqual((yield* signIn({ name: "ada", password: "wrong" })).status, 401)
      assert.strictEqual((yield* signIn({ name: "eve", password: "right" })).status, 429)
      const signedIn = yield* signIn({ name: "ada", password: "right" })
      assert.deepStrictEqual([signedIn.status, JSON.parse(signedIn.text).principal], [201, ada])
      const cookie = String(signedIn.headers["set-cookie"]).split(";", 1)[0]!
      assert.strictEqual((yield* call("POST", "/v1/thing", { origin, cookie })).status, 200)
      const code = JSON.parse((yield* call("POST", "/v1/console/codes", { origin, cookie })).text).code
      const byCode = yield* signIn({ code })
      assert.strictEqual(JSON.parse(byCode.text).principal.id, "ada")

      known.grants = [{ role: "viewer" }]
      assert.strictEqual((yield* call("POST", "/v1/thing", { origin, cookie })).status, 403)
      known.version = 2
      assert.strictEqual((yield* call("GET", "/v1/thing", { cookie })).status, 401)
      const second = String(byCode.headers["set-cookie"]).split(";", 1)[0]!
      assert.strictEqual((yield* call("GET", "/v1/console/session", { cookie: second })).status, 401)
    })
  )

  it.live("refuses changes that another site's page asks for, and reads that carry no cookie", () =>
    Effect.gen(function* () {
      const { call, origin } = yield* instance(yield* natsServer(), "/nowhere")
      const foreign = [
        {},
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: `${origin}.evil.example` },
        { origin: origin.replace("127.0.0.1", "127.0.0.1@evil.example") }
      ]
      for (const headers of foreign) {
        assert.strictEqual((yield* call("POST", "/v1/console/session", headers, { token })).status, 403)
      }
      const signedIn = yield* call("POST", "/v1/console/session", { origin }, { token })
      const cookie = String(signedIn.headers["set-cookie"]).split(";", 1)[0]!
      for (const headers of foreign) {
        const answer = yield* call("POST", "/v1/thing", { ...headers, cookie })
        assert.strictEqual(answer.status, 403)
        assert.include(answer.text, "urn:roost:problem:foreign-origin")
        assert.strictEqual((yield* call("DELETE", "/v1/console/session", { ...headers, cookie })).status, 403)
      }
      assert.strictEqual((yield* call("GET", "/v1/thing")).status, 401)
      assert.strictEqual((yield* call("GET", "/v1/thing", { cookie })).status, 200)
    })
  )
})
