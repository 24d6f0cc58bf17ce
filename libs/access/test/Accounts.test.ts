import { assert, describe, it } from "@effect/vitest"
import { wrongPasswordsMax } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { LockOuts } from "../src/LockOuts.ts"
import { instance } from "./support/Served.ts"

describe("accounts", () => {
  it.live("begin with one for an admin, which of two registries one makes, once", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const other = yield* instance(server)
      const made = yield* Effect.all([one.accounts.makeFirst, other.accounts.makeFirst], { concurrency: 2 })
      const [first, ...rest] = made.filter((account) => account !== undefined)
      assert.deepStrictEqual([first!.name, rest], ["admin", []])
      assert.deepInclude(yield* one.accounts.check("admin", first!.password!, "a"), { _tag: "Right" })
      assert.isUndefined(yield* one.accounts.makeFirst)
    })
  )

  it.live(
    "sign in by name and password, whose hash is stored; another password, a deletion and a ban end sessions",
    () =>
      Effect.gen(function* () {
        const { accounts, call, store } = yield* instance(yield* natsServer())
        const grants = [{ role: "operator" }]
        const short = yield* call("POST", "/v1/access/accounts", { name: "ada", grants, password: "short" })
        assert.strictEqual(short.status, 400)
        const password = "correct horse battery"
        const made = yield* call("POST", "/v1/access/accounts", { name: "ada", grants, password })
        assert.deepStrictEqual([made.status, made.body.password], [201, undefined])
        assert.strictEqual((yield* call("POST", "/v1/access/accounts", { name: "Ada", grants })).status, 409)
        assert.match(store.accounts.known.get("ada")!.passwordHash, /^scrypt\$15\$8\$1\$[\w-]{22}\$[\w-]{43}$/)

        const right = yield* accounts.check("ADA", password, "a")
        assert.isTrue(right._tag === "Right")
        if (right._tag !== "Right") return
        assert.deepStrictEqual(yield* accounts.current("ada", right.version), right.principal)
        yield* call("PATCH", "/v1/access/accounts/ada", { enabled: false })
        assert.isUndefined(yield* accounts.current("ada", right.version))
        assert.strictEqual((yield* accounts.check("ada", password, "a"))._tag, "Wrong")
        yield* call("PATCH", "/v1/access/accounts/ada", { enabled: true, grants: [{ role: "viewer" }] })
        assert.deepStrictEqual((yield* accounts.current("ada", right.version))?.grants, [{ role: "viewer" }])

        const reset = yield* call("POST", "/v1/access/accounts/ada:reset-password", {})
        assert.isUndefined(yield* accounts.current("ada", right.version))
        assert.strictEqual((yield* accounts.check("ada", password, "a"))._tag, "Wrong")
        assert.strictEqual((yield* accounts.check("ada", reset.body.password, "a"))._tag, "Right")
        // Who has no account has no password to change.
        const own = { current: reset.body.password, password: "another horse battery" }
        assert.strictEqual((yield* call("POST", "/v1/access/password", own)).status, 409)
        assert.strictEqual((yield* call("DELETE", "/v1/access/accounts/ada")).status, 204)
        assert.strictEqual((yield* accounts.check("ada", reset.body.password, "a"))._tag, "Wrong")
      })
  )

  it.live("are locked out after wrong passwords in a row, also those that nobody has", () =>
    Effect.gen(function* () {
      const { accounts, call } = yield* instance(yield* natsServer())
      const password = "correct horse battery"
      yield* call("POST", "/v1/access/accounts", { name: "ada", grants: [{ role: "viewer" }], password })
      for (const name of ["ada", "nobody"]) {
        for (let i = 1; i <= wrongPasswordsMax; i++) {
          const wrong = yield* accounts.check(name, "wrong", `address ${name}`)
          assert.deepStrictEqual(wrong, { _tag: "Wrong", lockedNow: i === wrongPasswordsMax })
        }
        assert.deepInclude(yield* accounts.check(name, password, "another address"), { _tag: "LockedOut" })
      }
    })
  )
})

describe("a lock-out", () => {
  it("ends after its time, and counts in a row only", () => {
    const lockOuts = new LockOuts(2, 1_000)
    assert.isFalse(lockOuts.fail("a", 0))
    lockOuts.clear("a")
    assert.isFalse(lockOuts.fail("a", 0))
    assert.isTrue(lockOuts.fail("a", 10))
    assert.deepStrictEqual(
      [lockOuts.waitOf("a", 10), lockOuts.waitOf("a", 1_010), lockOuts.waitOf("b", 10)],
      [1_000, 0, 0]
    )
  })
})
