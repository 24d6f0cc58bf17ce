import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { OidcSetting } from "../src/index.ts"
import { claimedRoles, mergedGrants } from "../src/oidc/ClaimedRoles.ts"

const parse = (more: Readonly<Record<string, string | undefined>>) =>
  OidcSetting.parse(
    ConfigProvider.fromUnknown({
      ROOST_OIDC_ISSUER: "https://id.example",
      ROOST_OIDC_CLIENT_ID: "roost",
      ROOST_OIDC_ROLES: "ops=operator;cn=fw,dc=example=firmware:meters viewer",
      ROOST_PUBLIC_URL: "https://roost.example",
      ...more
    })
  )

describe("the settings of OpenID Connect", () => {
  it.effect("are a whole, by https, and say what is wrong", () =>
    Effect.gen(function* () {
      const known = (yield* parse({}))!
      assert.deepInclude(known, { name: "id.example", claim: "groups", scopes: "openid profile email" })
      assert.deepStrictEqual(
        [...known.roles],
        [
          ["ops", [{ role: "operator" }]],
          ["cn=fw,dc=example", [{ role: "firmware", products: ["meters"] }, { role: "viewer" }]]
        ]
      )
      for (const [more, fault] of [
        [{ ROOST_OIDC_ISSUER: "http://id.example" }, /https address/],
        [{ ROOST_OIDC_ISSUER: "id.example" }, /https address/],
        [{ ROOST_OIDC_ISSUER: "https://a:b@id.example" }, /https address/],
        [{ ROOST_OIDC_CLIENT_ID: undefined }, /expected a value, since there is ROOST_OIDC_ISSUER/],
        [{ ROOST_PUBLIC_URL: undefined }, /expected a value/],
        [{ ROOST_PUBLIC_URL: "https://roost.example/console" }, /without a path/],
        [{ ROOST_OIDC_ROLES: "ops=root" }, /expected one of viewer/],
        [{ ROOST_OIDC_ROLES: "ops" }, /expected VALUE=ROLE/],
        [{ ROOST_OIDC_ROLES: "ops=" }, /expected a role behind =/],
        [{ ROOST_OIDC_ROLES: " ; " }, /expected 1 to 200 values/],
        [{ ROOST_OIDC_ROLES: "ops=viewer;ops=admin" }, /"ops" twice/],
        [{ ROOST_OIDC_ROLES: "fw=firmware:a b!" }, /expected one of viewer/],
        [{ ROOST_OIDC_ROLES: "fw=firmware:a/b" }, /expected keys of products/],
        [{ ROOST_OIDC_SCOPES: "profile" }, /expected openid/],
        [{ ROOST_OIDC_SESSION_SECONDS: "86400" }, /from 300 to 43200/],
        [{ ROOST_OIDC_CLIENT_AUTH: "jwt" }, /basic/]
      ] as const) {
        assert.match(String(yield* Effect.flip(parse(more))), fault)
      }
      assert.isUndefined(yield* OidcSetting.parse(ConfigProvider.fromUnknown({})))
      // As a template leaves it where there is none.
      assert.isUndefined((yield* parse({ ROOST_OIDC_CLIENT_SECRET: "" }))!.clientSecret)
      const other = (yield* parse({ ROOST_OIDC_ROLES: "ops=admin" }))!
      assert.notStrictEqual(other.version, known.version)
    })
  )

  it("find roles in a claim by its name, and by dots where there is none of the name", () => {
    const roles = new Map([["ops", [{ role: "operator" as const }]]])
    const operator = { _tag: "Granted", grants: [{ role: "operator" }] } as const
    for (const [claims, claim] of [
      [{ "https://roost.example/roles": ["ops"] }, "https://roost.example/roles"],
      [{ realm_access: { roles: ["a", "ops", "ops"] } }, "realm_access.roles"],
      [{ roles: "ops" }, "roles"]
    ] as const) {
      assert.deepStrictEqual(claimedRoles(claims, claim, roles), operator)
    }
    for (const claim of ["constructor", "__proto__", "roles.length", "a.b.c", ""]) {
      assert.strictEqual(claimedRoles({ roles: ["ops"], a: "text" }, claim, roles)._tag, "Absent")
    }
  })

  it("merge what several groups grant", () => {
    assert.deepStrictEqual(
      mergedGrants([
        { role: "developer", products: ["a"] },
        { role: "viewer" },
        { role: "developer", products: ["b", "a"] },
        { role: "viewer" },
        { role: "firmware", products: ["a"] },
        { role: "firmware", products: ["*"] }
      ]),
      [{ role: "viewer" }, { role: "developer", products: ["a", "b"] }, { role: "firmware", products: ["*"] }]
    )
  })
})
