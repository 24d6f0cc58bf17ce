import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { statSync } from "node:fs"
import { contextsFile, readContexts, writeContexts } from "../src/context/ContextFile.ts"
import { type Answer, problem, registry, run } from "./support/InProcess.ts"

const session = {
  token: `roost_session_${"s".repeat(32)}`,
  expiresAt: 1_900_000_000_000,
  principal: { kind: "oidc", id: "https://id.example#ada", name: "Ada", grants: [{ role: "operator" }] }
}

/** A registry whose provider lets a person in; `browser` goes where the command says. */
const world = Effect.gen(function* () {
  const folder = yield* temporaryDirectory
  let ways: object = { oidc: { name: "id.example", address: "https://roost.example/v1/console/oidc" } }
  let exchange: Answer = { status: 201, body: JSON.stringify(session) }
  const { asked, url } = yield* registry(({ method, url }) => {
    if (url === "/v1/console/ways") return { status: 200, body: JSON.stringify(ways) }
    if (url === "/v1/console/tokens") return exchange
    return method === "DELETE" ? { status: 204 } : problem(401, "unauthorized")
  })
  const visits: Array<{ readonly address: URL; readonly statuses: ReadonlyArray<number> }> = []
  const browser = async (line: string) => {
    const found = /https:\/\/\S+port=\S+/.exec(line)
    if (found === null) return
    const address = new URL(found[0])
    const [port, state] = [address.searchParams.get("port"), address.searchParams.get("state")!]
    const statuses: Array<number> = []
    // Others first: a page that guesses, one without a code, another path.
    for (const path of [
      `/?code=evil&state=x`,
      `/?state=${state}`,
      `/x?code=c&state=${state}`,
      `/?code=c1&state=${state}`
    ]) {
      statuses.push((await fetch(`http://127.0.0.1:${port}${path}`)).status)
    }
    visits.push({ address, statuses })
  }
  const env = { XDG_CONFIG_HOME: folder }
  return {
    asked,
    env,
    url,
    visits,
    login: (...args: ReadonlyArray<string>) =>
      run(url, ["login", ...args], { folder, onTold: (line) => void browser(line) }),
    logout: (...args: ReadonlyArray<string>) => run(url, ["logout", ...args], { folder }),
    set: (next: { readonly ways?: object; readonly exchange?: Answer }) => {
      ways = next.ways ?? ways
      exchange = next.exchange ?? exchange
    }
  }
})

describe("roost login", () => {
  it.live(
    "takes the code that comes with its state, proves by the verifier that it began, and keeps the session for its owner",
    () =>
      Effect.gen(function* () {
        const { asked, env, login, logout, url, visits } = yield* world
        const done = yield* login("prod", url)
        assert.strictEqual(done.code, 0, done.text)
        assert.include(done.told, "You are Ada (operator)")
        assert.notInclude(done.told + done.out, session.token)
        assert.deepStrictEqual(visits[0]!.statuses, [400, 400, 400, 200])
        const { code, verifier } = JSON.parse(asked.find(({ url }) => url === "/v1/console/tokens")!.body)
        assert.strictEqual(code, "c1")
        const challenge = visits[0]!.address.searchParams.get("challenge")
        assert.strictEqual(challenge, createHash("sha256").update(verifier).digest("base64url"))
        assert.notInclude(visits[0]!.address.href, verifier)
        assert.deepStrictEqual(readContexts(env), {
          current: "prod",
          contexts: { prod: { url, token: session.token } }
        })
        assert.strictEqual(statSync(contextsFile(env)).mode & 0o777, 0o600)

        // Again, at the current context; then out.
        assert.strictEqual((yield* login()).code, 0)
        assert.strictEqual((yield* logout()).code, 0)
        assert.deepInclude(asked.at(-1), {
          method: "DELETE",
          url: "/v1/console/session",
          authorization: `Bearer ${session.token}`
        })
        assert.deepStrictEqual(readContexts(env), { contexts: {} })
      })
  )

  it.live(
    "overwrites no key, and says what to do where there is no provider, no name, or a code that is not taken",
    () =>
      Effect.gen(function* () {
        const { env, login, logout, set, url } = yield* world
        writeContexts(env, { contexts: { keyed: { url, token: "roost_0a1b2c3d4e5f_secret" } } })
        for (const each of [yield* login("keyed"), yield* logout("keyed")]) {
          assert.strictEqual(each.code, 6)
          assert.include(each.text, "the context keyed has a key or ROOST_API_TOKEN")
        }
        const unknown = yield* login("prod")
        assert.strictEqual(unknown.code, 2)
        assert.include(unknown.text, "roost login prod https://registry.example.org")
        set({ exchange: problem(401, "sign-in-refused") })
        const refused = yield* login("prod", url)
        assert.strictEqual(refused.code, 4)
        assert.include(refused.text, "It is so")
        set({ ways: {} })
        const none = yield* login("prod", url)
        assert.strictEqual(none.code, 6)
        assert.include(none.text, "ROOST_OIDC_ISSUER")
        assert.deepStrictEqual(Object.keys(readContexts(env).contexts), ["keyed"])
      })
  )
})
