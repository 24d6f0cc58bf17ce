import { assert, describe, it } from "@effect/vitest"
import { RegistryApi, type Grant, type Principal } from "@roost/contracts"
import { Effect } from "effect"
import { OpenApi } from "effect/http-api"
import { enosResources } from "../src/EnosRoutes.ts"
import { enosRules, forbiddenFor } from "../src/EnosRules.ts"
import { CommandService, Provisioning } from "../src/index.ts"

const principal = (...grants: ReadonlyArray<Grant>): Principal => ({ kind: "key", id: "k", name: "k", grants })

const judge = (grant: Grant, call: string, query: Record<string, string>, body: unknown = {}) =>
  forbiddenFor(principal(grant), enosRules[call], { query, body, written: body }).pipe(
    Effect.provideService(Provisioning, {
      deviceOfAsset: (assetId: string) => Effect.succeed({ productKey: assetId, deviceKey: "d" })
    } as unknown as Provisioning["Service"]),
    Effect.provideService(CommandService, {
      ask: () => Effect.succeed({ commands: [{ productKey: "pk2" }] })
    } as unknown as CommandService["Service"])
  )

describe("a call of EnOS's open API", () => {
  it("is for the same roles as the same operation of the registry's API", () => {
    const calls = Object.entries(enosResources).flatMap(([resource, actions]) =>
      Object.keys(actions).map((name) => `${resource} ${name}`)
    )
    assert.deepStrictEqual(Object.keys(enosRules), calls)
    const roles = new Map(
      Object.values(OpenApi.fromApi(RegistryApi).paths)
        .flatMap((item) => Object.values(item) as ReadonlyArray<object>)
        .map((operation) => {
          const { operationId, "x-roost-roles": allowed } = operation as Record<string, unknown>
          return [operationId, allowed] as const
        })
    )
    for (const [call, operation] of [
      ["products POST create", "createProduct"],
      ["devices POST create", "createDevice"],
      ["devices GET get", "getDevice"],
      ["devices POST update", "changeDevice"],
      ["devices POST delete", "deleteDevice"],
      ["devices POST enable", "enableDevice"],
      ["devices POST replaceDevice", "replaceDevice"],
      ["commands POST setMeasurepoint", "setMeasurepoint"],
      ["commands POST invokeService", "invokeService"],
      ["commands GET get", "getCommand"],
      ["commands POST cancel", "cancelCommand"],
      ["measurepoints POST queryLatest", "latestValues"]
    ] as const) {
      assert.deepStrictEqual([...enosRules[call]!.roles, "admin"], roles.get(operation), call)
    }
  })

  it.effect("needs a grant of every product that it names: by key, by asset, by command", () =>
    Effect.gen(function* () {
      const pk1: Grant = { role: "developer", products: ["pk1"] }
      assert.isUndefined(yield* judge(pk1, "devices GET get", { productKey: "pk1", deviceKey: "d" }))
      assert.isUndefined(yield* judge(pk1, "devices POST create", {}, { productKey: "pk1" }))
      for (const [call, query, body] of [
        ["devices GET get", { productKey: "pk2" }, {}],
        ["devices GET get", {}, {}],
        ["devices GET get", { productKey: "pk1", assetId: "pk2" }, {}],
        ["devices POST create", { productKey: "pk1" }, { productKey: "pk2" }],
        ["commands GET get", { productKey: "pk1", commandId: "c" }, {}],
        ["devices POST search", { productKey: "pk1" }, {}],
        ["products GET get", { productKey: "pk1" }, {}]
      ] as const) {
        const fault = yield* judge(pk1, call, query, body)
        assert.match(fault ?? "", /^needed.*; k has developer of pk1$/, call)
      }
      assert.isUndefined(yield* judge({ role: "viewer" }, "devices POST search", {}))
      assert.isString(yield* judge({ role: "viewer" }, "devices POST delete", { productKey: "pk1", deviceKey: "d" }))
      assert.isUndefined(yield* judge({ role: "admin" }, "unheard of", {}))
    })
  )
})
