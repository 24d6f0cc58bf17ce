import { assert, describe, it } from "@effect/vitest"
import {
  AccessRule,
  type AccessRules,
  ConsoleApi,
  DownlinkApi,
  type Grant,
  RegistryApi,
  type Role
} from "@roost/contracts"
import { Health } from "@roost/observability"
import { layerHttpServerTest } from "@roost/testkit"
import { ConfigProvider, Context, Effect, Layer, Logger, Option } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpMethod, HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, type HttpApiGroup } from "effect/http-api"
import { ApiKeys, apiRoutes, pathSegmentLengthMax } from "../src/index.ts"

type Handlers = Layer.Layer<HttpApiGroup.ToService<string, HttpApiGroup.Constraint>>
type Api = HttpApi.HttpApi<string, HttpApiGroup.Constraint>

interface Operation {
  readonly name: string
  readonly group: string
  readonly method: HttpMethod.HttpMethod
  readonly path: string
  readonly rule: Option.Option<AccessRules>
  readonly open: boolean
}

const operationsOf = (api: HttpApi.Constraint): ReadonlyArray<Operation> => {
  const found: Array<Operation> = []
  HttpApi.reflect(api as Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) =>
      found.push({
        name: endpoint.identifier,
        group: group.identifier,
        method: endpoint.method,
        path: endpoint.path,
        rule: Context.getOption(endpoint.annotations, AccessRule),
        // Signing in is for who has no credential yet.
        open: group.identifier === "sessions"
      })
  })
  return found
}

/** Keys by what they may do; each is its own secret. */
const keys: Readonly<Record<string, ReadonlyArray<Grant>>> = {
  viewer: [{ role: "viewer" }],
  operator: [{ role: "operator" }],
  admin: [{ role: "admin" }],
  "developer-pk1": [{ role: "developer", products: ["pk1"] }],
  "developer-all": [{ role: "developer", products: ["*"] }],
  "firmware-pk1": [{ role: "firmware", products: ["pk0", "pk1"] }],
  "firmware-all": [{ role: "firmware", products: ["*"] }],
  "developer-other": [{ role: "developer", products: ["pk2"] }],
  "firmware-other": [{ role: "firmware", products: ["pk2"] }],
  none: []
}

const callers = Layer.succeed(ApiKeys, {
  find: (secret) =>
    Effect.succeed(
      secret === "expired"
        ? { _tag: "Expired", at: 0 }
        : keys[secret] === undefined
          ? { _tag: "Unknown" }
          : {
              _tag: "Known",
              principal: { kind: "key", id: secret, name: secret, grants: keys[secret] },
              requestsPerSecond: 10_000
            }
    )
})

/** An API that takes whoever comes as far as a handler, which answers 204. */
const served = (api: HttpApi.Constraint) => {
  const groups = Map.groupBy(operationsOf(api), ({ group }) => group)
  const handlers = [...groups].map(([group, operations]) =>
    HttpApiBuilder.group(api as Api, group, (of) => {
      const done = () => Effect.succeed(HttpServerResponse.empty({ status: 204 }))
      // The names are those of the API, which its type does not have here.
      return Effect.succeed(of.handleAll(Object.fromEntries(operations.map(({ name }) => [name, done])) as never))
    })
  )
  const [first, ...rest] = handlers
  return HttpRouter.serve(apiRoutes(api as Api, Layer.mergeAll(first!, ...rest) as unknown as Handlers, {}, callers), {
    disableLogger: true,
    disableListenLog: true,
    routerConfig: { maxParamLength: pathSegmentLengthMax }
  }).pipe(
    Layer.provideMerge(layerHttpServerTest),
    Layer.provide(Health.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: "0123456789abcdef" }))),
    Layer.provide(Logger.layer([]))
  )
}

/** Asks about the product pk1, wherever the operation may name one. A request that lacks something else is answered 400, behind the authorization. */
const ask = Effect.fnUntraced(function* ({ method, path, rule }: Operation, secret: string | undefined) {
  const url = path.replaceAll(":productKey", "pk1").replaceAll(/\/:(\w+)/g, "/x1")
  const inQuery = Option.isSome(rule) && rule.value.products === "query"
  const request = HttpClientRequest.make(method)(inQuery ? `${url}?productKey=pk1` : url).pipe(
    HttpClientRequest.setBody(method === "GET" ? HttpBody.empty : HttpBody.jsonUnsafe({ productKey: "pk1" })),
    secret === undefined ? (same) => same : HttpClientRequest.bearerToken(secret)
  )
  const response = yield* HttpClient.execute(request)
  const text = yield* response.text
  return { status: response.status, headers: response.headers, text }
}, Effect.orDie)

const roleOf = (key: string) => key.split("-")[0] as Role

/** Whether the rule lets the key as far as the handler. */
const mayPass = ({ products, roles }: AccessRules, key: string): boolean => {
  if (key === "admin") return true
  if (!roles.includes(roleOf(key))) return false
  if (products === "none" || products === "handler") return true
  if (key.endsWith("-other")) return false
  return products !== "fleet" || !key.endsWith("-pk1")
}

for (const api of [RegistryApi, DownlinkApi, ConsoleApi] as ReadonlyArray<HttpApi.Constraint>) {
  describe(`each operation of the API ${(api as Api).identifier}`, () => {
    const operations = operationsOf(api).filter(({ open }) => !open)

    it("says which roles it is for", () => {
      const silent = operations.filter(({ rule }) => Option.isNone(rule)).map(({ name }) => name)
      assert.deepStrictEqual(silent, [])
    })

    it.live("takes those roles, each for its own products, and refuses the others with what was needed and there", () =>
      Effect.gen(function* () {
        const wrong: Array<string> = []
        for (const operation of operations) {
          const rule = Option.getOrThrow(operation.rule)
          for (const key of Object.keys(keys)) {
            const { headers, status, text } = yield* ask(operation, key)
            const passed = status !== 401 && status !== 403
            if (passed !== mayPass(rule, key)) wrong.push(`${operation.name} answers ${key} ${status}`)
            if (passed) {
              if (status < 300 && headers["cache-control"] !== "no-store") wrong.push(`${operation.name} may be cached`)
              continue
            }
            const { detail, had, needed } = JSON.parse(text)
            const told = key === "none" ? had.length === 0 && detail.includes("no role") : had[0] === roleOf(key)
            const all = [...rule.roles, "admin"].every((role) => needed.includes(role) && detail.includes(role))
            if (status !== 403 || !told || !all) wrong.push(`${operation.name} tells ${key} ${text}`)
          }
        }
        assert.deepStrictEqual(wrong, [])
      }).pipe(Effect.provide(served(api)))
    )

    it.live("answers 401 with a challenge without a credential, with an unknown one and an expired one", () =>
      Effect.gen(function* () {
        for (const operation of operations) {
          for (const [secret, told, challenge] of [
            [undefined, "No Authorization header came", 'Bearer realm="roost"'],
            ["unknown", "nor an API key that is good", 'Bearer realm="roost", error="invalid_token"'],
            ["expired", "expired at 1970-01-01", 'Bearer realm="roost", error="invalid_token"']
          ] as const) {
            const { headers, status, text } = yield* ask(operation, secret)
            assert.deepStrictEqual(
              [operation.name, status, headers["www-authenticate"]],
              [operation.name, 401, challenge]
            )
            assert.include(text, told)
          }
        }
      }).pipe(Effect.provide(served(api)))
    )
  })
}
