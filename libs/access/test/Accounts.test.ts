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
        // The holder of the token has no account, and so no password to change.
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

  it.live("have as many tries at several registries as at one, and at once as one after the other", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const other = yield* instance(server)
      const password = "correct horse battery"
      for (const name of ["ada", "bob"]) {
        yield* one.call("POST", "/v1/access/accounts", { name, grants: [{ role: "viewer" }], password })
      }
      yield* Effect.repeat(
        Effect.delay(
          Effect.sync(() => other.store.accounts.known.size),
          "10 millis"
        ),
        {
          until: (size) => size === 2
        }
      )
      /** After fewer tries than lock out by themselves. */
      const lockedOutAt = ({ accounts }: typeof one, name: string) =>
        Effect.gen(function* () {
          let wrong = 0
          yield* Effect.repeat(Effect.delay(accounts.check(name, "wrong", "z"), "50 millis"), {
            until: ({ _tag }) => _tag === "LockedOut" || ++wrong >= wrongPasswordsMax
          })
          assert.isBelow(wrong, wrongPasswordsMax)
        })
      for (let i = 1; i <= wrongPasswordsMax; i++) yield* one.accounts.check("ada", "wrong", "a")
      yield* lockedOutAt(other, "ada")
      const tries = yield* Effect.forEach(Array(20), () => one.accounts.check("bob", "wrong", "b"), { concurrency: 20 })
      assert.lengthOf(
        tries.filter(({ _tag }) => _tag === "Wrong"),
        wrongPasswordsMax
      )
      yield* lockedOutAt(other, "bob")
      // A new password lets in again, everywhere.
      const reset = yield* one.call("POST", "/v1/access/accounts/bob:reset-password", {})
      yield* Effect.repeat(Effect.delay(other.accounts.check("bob", reset.body.password, "c"), "50 millis"), {
        until: ({ _tag }) => _tag === "Right"
      })
    })
  )
})

describe("a lock-out", () => {
  it("ends after its time, and counts in a row only", () => {
    const lockOuts = new LockOuts(2, 1_000)
    assert.isFalse(lockOuts.begin("a", 0))
    lockOuts.clear("a")
    assert.isFalse(lockOuts.begin("a", 0))
    assert.isTrue(lockOuts.begin("a", 10))
    assert.deepStrictEqual(
      [lockOuts.waitOf("a", 10), lockOuts.waitOf("a", 1_010), lockOuts.waitOf("b", 10)],
      [1_000, 0, 0]
    )
    // The right password takes its try back, and nobody else's.
    lockOuts.undo("a")
    assert.strictEqual(lockOuts.waitOf("a", 10), 0)
    assert.isTrue(lockOuts.begin("a", 10))
    lockOuts.begin("c", 0)
    lockOuts.undo("c")
    lockOuts.undo("c")
    assert.isFalse(lockOuts.begin("c", 0))
  })
})
