import { assert, describe, it } from "@effect/vitest"
import { AnyJson, strictApi } from "@roost/contracts"
import { Health } from "@roost/observability"
import { layerHttpServerTest } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger, Schema } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { apiRoutes, writtenBody } from "../src/index.ts"

const Name = Schema.String.check(Schema.isPattern(/^[a-z]+$/u, { message: "expected a–z" }))
const Lamp = Schema.Struct({
  name: Name,
  brightness: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  pendingTtl: Schema.optionalKey(Schema.Int),
  lampSecret: Schema.optionalKey(Name)
})
const params = { lamp: Name }

const Lamps = HttpApiGroup.make("lamps").add(
  HttpApiEndpoint.post("create", "/v1/lamps", { payload: Lamp, success: Schema.String }),
  HttpApiEndpoint.get("list", "/v1/lamps", {
    query: { limit: Schema.optionalKey(Schema.Int), productKey: Schema.optionalKey(Name) },
    success: Schema.String
  }),
  HttpApiEndpoint.get("read", "/v1/lamps/:lamp", { params, success: Schema.String }),
  HttpApiEndpoint.post("enable", "/v1/lamps/:lamp:enable", { params, success: Schema.String }),
  HttpApiEndpoint.post("rotate", "/v1/lamps/:lamp:rotate", {
    params,
    payload: Schema.Struct({ lampSecret: Schema.optionalKey(Name) }),
    success: Schema.String
  }),
  HttpApiEndpoint.post("test", "/v1/lamps/:lamp:test", {
    params,
    payload: Schema.Union([
      Schema.Struct({ raw: Name }),
      Schema.Struct({ message: AnyJson, color: Schema.optionalKey(Schema.Int) })
    ]),
    success: Schema.String
  }),
  HttpApiEndpoint.post("shape", "/v1/lamps/:lamp:shape", {
    params,
    payload: Schema.Union([
      Schema.Struct({ kind: Schema.Literal("round"), radius: Schema.Int }),
      Schema.Struct({ kind: Schema.Literal("square"), side: Schema.Int })
    ]).annotate({ identifier: "Shape" }),
    success: Schema.String
  }),
  HttpApiEndpoint.patch("tags", "/v1/lamps/:lamp/tags", {
    params,
    payload: Schema.Record(Schema.String, Schema.Int),
    success: Schema.Int
  }),
  HttpApiEndpoint.put("picture", "/v1/lamps/:lamp/picture", {
    params,
    payload: HttpApiSchema.StreamUint8Array({ contentType: ["image/png", "image/svg+xml"], maxBytes: 10 }),
    success: Schema.String
  })
)

const Api = strictApi(HttpApi.make("lamps").add(Lamps))
const ok = () => Effect.succeed("ok")
const Handlers = HttpApiBuilder.group(Api, "lamps", (handlers) =>
  handlers.handleAll({
    create: ok,
    list: ok,
    read: ok,
    enable: ok,
    rotate: ok,
    test: ok,
    shape: ok,
    tags: ({ request }) => Effect.succeed(Object.keys(writtenBody(request) as object).length),
    picture: ok
  })
)

const token = "0123456789abcdef"
const Served = HttpRouter.serve(apiRoutes(Api, Handlers), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(layerHttpServerTest),
  Layer.provide(Health.layer),
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: token }))),
  Layer.provide(Logger.layer([]))
)

interface Answer {
  readonly status: number
  readonly detail: string
  /** Of each fault, `path: message`. */
  readonly errors: ReadonlyArray<string>
}

const ask = Effect.fnUntraced(function* (
  method: "GET" | "POST" | "PUT" | "PATCH",
  path: string,
  body?: unknown,
  bearer = token
) {
  const written = body === undefined || HttpBody.isHttpBody(body) ? body : HttpBody.jsonUnsafe(body)
  const request = HttpClientRequest.make(method)(path).pipe(
    HttpClientRequest.bearerToken(bearer),
    written === undefined ? (it) => it : HttpClientRequest.setBody(written as HttpBody.HttpBody)
  )
  const response = yield* HttpClient.execute(request)
  const { detail, errors } = (yield* response.json) as {
    readonly detail: string
    readonly errors?: ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly message: string }>
  }
  const answer: Answer = {
    status: response.status,
    detail,
    errors: (errors ?? []).map(({ message, path: at }) => `${at.join(".")}: ${message}`)
  }
  return answer
})

const lamp = { name: "a", brightness: 1 }

describe("a request", () => {
  for (const [name, method, path, body, errors] of [
    [
      "with unknown fields, all of them named with what was probably meant",
      "POST",
      "/v1/lamps",
      { ...lamp, pendingTTL: 1, Name: "b", colour: 3 },
      [
        "payload.pendingTTL: unknown; did you mean pendingTtl?",
        "payload.Name: unknown; did you mean name?",
        "payload.colour: unknown; known are name, brightness, pendingTtl, lampSecret"
      ]
    ],
    [
      "with missing fields, all of them",
      "POST",
      "/v1/lamps",
      {},
      ["payload.name: missing", "payload.brightness: missing"]
    ],
    [
      "without a body, what it needs",
      "POST",
      "/v1/lamps",
      undefined,
      ["payload.name: missing", "payload.brightness: missing"]
    ],
    [
      "with wrong values, what was expected and what came",
      "POST",
      "/v1/lamps",
      { name: "A".repeat(100), brightness: 101 },
      [
        `payload.name: expected a–z, got "${"A".repeat(60)}…"`,
        "payload.brightness: expected a value between 0 and 100, got 101"
      ]
    ],
    [
      "with a wrong secret, without it",
      "POST",
      "/v1/lamps",
      { ...lamp, lampSecret: "MINE" },
      ["payload.lampSecret: expected a–z"]
    ],
    [
      "with an unknown parameter",
      "GET",
      "/v1/lamps?Limit=1&product=x&a=1",
      undefined,
      [
        "query.Limit: unknown; did you mean limit?",
        "query.product: unknown; did you mean productKey?",
        "query.a: unknown; known are limit, productKey"
      ]
    ],
    [
      "with a parameter where none is taken",
      "GET",
      "/v1/lamps/a?x=1",
      undefined,
      ["query.x: unknown; nothing is taken here"]
    ],
    [
      "with a body where none is taken",
      "POST",
      "/v1/lamps/a:enable",
      { force: true },
      ["payload.force: unknown; nothing is taken here"]
    ],
    [
      "with faults in address, query and body, all of them",
      "POST",
      "/v1/lamps/A:rotate?x=1",
      { secret: 1 },
      [
        `params.lamp: expected a–z, got "A"`,
        "query.x: unknown; nothing is taken here",
        "payload.secret: unknown; did you mean lampSecret?"
      ]
    ],
    [
      "of several forms, by the one that it resembles",
      "POST",
      "/v1/lamps/a:test",
      { message: {}, colour: 1 },
      ["payload.colour: unknown; did you mean color?"]
    ]
  ] as const) {
    it.live(`is refused ${name}`, () =>
      Effect.gen(function* () {
        const answer = yield* ask(method, path, body)
        assert.deepStrictEqual([answer.status, answer.errors], [400, errors])
        assert.isTrue(answer.detail.includes(errors[0]!.slice(errors[0]!.indexOf(":"))), answer.detail)
      }).pipe(Effect.provide(Served))
    )
  }

  it.live("has no more faults told than a reader can use", () =>
    Effect.gen(function* () {
      const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`f${i}`, i]))
      const answer = yield* ask("POST", "/v1/lamps", { ...lamp, ...many })
      assert.deepStrictEqual([answer.status, answer.errors.length], [400, 50])
      assert.match(answer.detail, /; and more, in errors$/)
    }).pipe(Effect.provide(Served))
  )

  it.live("without a body is one with an empty object", () =>
    Effect.gen(function* () {
      for (const [method, path] of [
        ["POST", "/v1/lamps/a:enable"],
        ["POST", "/v1/lamps/a:rotate"],
        ["PATCH", "/v1/lamps/a/tags"]
      ] as const) {
        for (const body of [undefined, {}, HttpBody.text("", "application/json")]) {
          assert.strictEqual((yield* ask(method, path, body)).status, 200, `${method} ${path}`)
        }
      }
    }).pipe(Effect.provide(Served))
  )

  it.live("of another type, or too large, hears what is taken", () =>
    Effect.gen(function* () {
      const csv = yield* ask("POST", "/v1/lamps", HttpBody.text("x", "text/csv"))
      assert.deepStrictEqual([csv.status, csv.detail], [415, "Expected Content-Type: application/json, got text/csv."])
      const form = yield* ask("POST", "/v1/lamps", HttpBody.text("{}", "application/x-www-form-urlencoded"))
      const got = "got application/x-www-form-urlencoded, which curl -d sends unless -H content-type:… says another."
      assert.deepStrictEqual([form.status, form.detail], [415, `Expected Content-Type: application/json, ${got}`])
      const picture = yield* ask("PUT", "/v1/lamps/a/picture", HttpBody.text("x", "text/csv"))
      assert.deepStrictEqual(
        [picture.status, picture.detail],
        [415, "Expected Content-Type: image/png or image/svg+xml, got text/csv."]
      )
      const large = yield* ask("PUT", "/v1/lamps/a/picture", HttpBody.text("x".repeat(11), "image/png"))
      assert.deepStrictEqual([large.status, large.detail], [413, "Expected a body of at most 10 bytes."])
      const json = yield* ask("POST", "/v1/lamps", HttpBody.text(" ".repeat(1_100_000), "application/json"))
      assert.deepStrictEqual([json.status, json.detail], [413, "Expected a body of at most 1048576 bytes."])
    }).pipe(Effect.provide(Served))
  )

  it.live("without a token is told that, and nothing else", () =>
    Effect.gen(function* () {
      for (const path of ["/v1/lamps?x=1", "/v1/lamps/A"]) {
        assert.strictEqual((yield* ask("GET", path, undefined, "wrong")).status, 401)
      }
    }).pipe(Effect.provide(Served))
  )
})
