import { assert, describe, it } from "@effect/vitest"
import { withoutSecrets } from "@roost/http"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { instance } from "./support/Served.ts"

describe("the audit log", () => {
  it.live("has who changed what, from where, before and after, without secrets, newest first, page by page", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { call } = yield* instance(server)
      const key = (yield* call("POST", "/v1/access/keys", { name: "ops", grants: [{ role: "operator" }] })).body
      yield* call("PATCH", "/v1/products/pk1/devices/d1", { deviceName: "Hall" }, key.secret)
      yield* call("GET", "/v1/products/pk1", undefined, key.secret)
      assert.strictEqual((yield* call("DELETE", "/v1/products/pk1", undefined, key.secret)).status, 403)
      yield* call("DELETE", `/v1/access/keys/${key.keyId}`)
      const all = yield* Effect.repeat(Effect.delay(call("GET", "/v1/audit"), "10 millis"), {
        until: ({ body }) => body.entries.length === 3
      })
      const [revoked, renamed, made] = all.body.entries
      assert.deepStrictEqual(
        [revoked.operation, renamed.operation, made.operation],
        ["revokeApiKey", "changeDevice", "createApiKey"]
      )
      assert.deepStrictEqual(renamed.who, { kind: "key", id: key.keyId, name: "ops" })
      assert.deepStrictEqual(renamed.target, { productKey: "pk1", deviceKey: "d1" })
      assert.strictEqual(renamed.after.productSecret, "(secret)")
      assert.include(renamed.from, "127.0.0.1")
      assert.strictEqual(revoked.before.name, "ops")
      assert.notInclude(JSON.stringify(all.body), key.secret)

      const page = yield* call("GET", "/v1/audit?limit=2")
      assert.deepStrictEqual(page.body.entries, [revoked, renamed])
      const next = yield* call("GET", `/v1/audit?limit=2&cursor=${page.body.nextCursor}`)
      assert.deepStrictEqual(next.body, { entries: [made] })
      for (const [query, entries] of [
        ["who=ops", [renamed]],
        ["operation=createApiKey", [made]],
        ["productKey=pk1&deviceKey=d1", [renamed]],
        ["productKey=pk2", []],
        [`to=${made.at}`, []],
        [`from=${made.at}&operation=revokeApiKey`, [revoked]]
      ] as const) {
        assert.deepStrictEqual((yield* call("GET", `/v1/audit?${query}`)).body, { entries }, query)
      }
    })
  )

  it("hides secrets however deep they are, and keeps keys of products and devices", () => {
    const told = withoutSecrets({
      deviceKey: "d",
      deviceSecret: "s",
      more: [{ password: "p", passwordHash: "h", token: "t", code: "c", secrets: [{ prefix: "x" }], secret: "s" }]
    })
    assert.deepStrictEqual(told, {
      deviceKey: "d",
      deviceSecret: "(secret)",
      more: [
        {
          password: "(secret)",
          passwordHash: "(secret)",
          token: "(secret)",
          code: "(secret)",
          secrets: [{ prefix: "x" }],
          secret: "(secret)"
        }
      ]
    })
    assert.deepInclude(withoutSecrets({ text: "x".repeat(20_000) }), { bytes: 20_011 })
  })
})
