import { assert, describe, it } from "@effect/vitest"
import { AnyJson, strictApi } from "@roost/contracts"
import { Health } from "@roost/observability"
import { layerHttpServerTest } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger, Schema } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { apiRoutes, jsonDepthMax, pathSegmentLengthMax, writtenBody } from "../src/index.ts"

class NoSuchThing extends HttpApiError.Problem<NoSuchThing>()(
  "NoSuchThing",
  { type: "urn:roost:problem:no-such-thing", status: 404, title: "There is no such thing." },
  { code: Schema.Int }
) {}

const Things = HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("turn", "/v1/things/:id:turn", {
    params: { id: Schema.String },
    payload: Schema.Struct({ degrees: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 360 })) }),
    success: Schema.Struct({ turned: Schema.String }).pipe(HttpApiSchema.status(202)),
    error: NoSuchThing
  }),
  HttpApiEndpoint.post("all", "/v1/things:count", { success: Schema.Struct({ count: Schema.Int }) }),
  HttpApiEndpoint.post("raw", "/v1/things/:id/raw", {
    params: { id: Schema.String },
    payload: Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array()),
    success: Schema.Struct({ bytes: Schema.Int })
  }),
  HttpApiEndpoint.post("keep", "/v1/things/:id/keep", {
    params: { id: Schema.String },
    payload: Schema.Struct({ value: AnyJson, seconds: Schema.optionalKey(Schema.Int) }),
    success: Schema.Struct({ value: Schema.Unknown, seconds: Schema.Int })
  }),
  HttpApiEndpoint.get("broken", "/v1/broken", { success: Schema.String })
)

const Api = strictApi(HttpApi.make("things").add(Things))

const Handlers = HttpApiBuilder.group(Api, "things", (handlers) =>
  handlers.handleAll({
    turn: ({ params }) =>
      params.id === "none"
        ? Effect.fail(new NoSuchThing({ code: 99, detail: "The thing is none." }))
        : Effect.succeed({ turned: params.id }),
    all: () => Effect.succeed({ count: 2 }),
    raw: ({ payload }) => Effect.succeed({ bytes: payload.length }),
    keep: ({ payload: { seconds = 0 }, request }) =>
      Effect.succeed({ value: (writtenBody(request) as { readonly value: unknown }).value, seconds }),
    broken: () => Effect.die(new Error("the secret is 42"))
  })
)

const token = "0123456789abcdef"
const Served = HttpRouter.serve(apiRoutes(Api, Handlers), {
  disableLogger: true,
  disableListenLog: true,
  routerConfig: { maxParamLength: pathSegmentLengthMax }
}).pipe(
  Layer.provideMerge(layerHttpServerTest),
  Layer.provide(Health.layer),
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: token }))),
  Layer.provide(Logger.layer([]))
)

const post = Effect.fnUntraced(function* (
  path: string,
  body: HttpBody.HttpBody,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${token}` }
) {
  const request = HttpClientRequest.post(path).pipe(
    HttpClientRequest.setBody(body),
    HttpClientRequest.setHeaders(headers)
  )
  const response = yield* HttpClient.execute(request)
  const text = yield* response.text
  return {
    status: response.status,
    type: response.headers["content-type"],
    challenge: response.headers["www-authenticate"],
    text,
    body: text === "" ? undefined : JSON.parse(text)
  }
})
const json = (value: unknown) => HttpBody.jsonUnsafe(value)

describe("an API", () => {
  it.live("routes a verb after a colon, with and without a name before it", () =>
    Effect.gen(function* () {
      const turned = yield* post("/v1/things/imei:01.5:turn", json({ degrees: 90 }))
      assert.deepStrictEqual([turned.status, turned.body], [202, { turned: "imei:01.5" }])
      const encoded = yield* post(`/v1/things/${"%3A".repeat(60)}:turn`, json({ degrees: 90 }))
      assert.deepStrictEqual(encoded.body, { turned: ":".repeat(60) })
      assert.deepStrictEqual((yield* post("/v1/things:count", HttpBody.empty)).body, { count: 2 })
    }).pipe(Effect.provide(Served))
  )

  it.live("takes bytes as they are", () =>
    Effect.gen(function* () {
      const raw = yield* post("/v1/things/a/raw", HttpBody.uint8Array(Uint8Array.of(0, 255, 13)))
      assert.deepStrictEqual([raw.status, raw.body], [200, { bytes: 3 }])
    }).pipe(Effect.provide(Served))
  )

  it.live("refuses a missing, an empty and a wrong token with a challenge (RFC 9110 §11.6.1)", () =>
    Effect.gen(function* () {
      for (const [authorization, fault] of [
        [undefined, "No Authorization header came"],
        ["Bearer wrong", "The token is neither ROOST_API_TOKEN of this service nor an API key that is good"],
        [`Bearer ${token}x`, "The token is neither ROOST_API_TOKEN of this service nor an API key that is good"],
        [`Token  ${token}`, "The Authorization header is of another scheme than Bearer"]
      ] as const) {
        const headers = authorization === undefined ? {} : { authorization }
        const answer = yield* post("/v1/things/a:turn", json({ degrees: 1 }), headers)
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(answer.type, "application/problem+json")
        const error = authorization === undefined ? "" : ', error="invalid_token"'
        assert.strictEqual(answer.challenge, `Bearer realm="roost"${error}`)
        assert.strictEqual(answer.body.type, "urn:roost:problem:unauthorized")
        assert.strictEqual(answer.body.detail, `${fault}; expected Authorization: Bearer {token}.`)
      }
    }).pipe(Effect.provide(Served))
  )

  it.live("answers what an endpoint declares as a problem with its extension (RFC 9457 §3.2)", () =>
    Effect.gen(function* () {
      const answer = yield* post("/v1/things/none:turn", json({ degrees: 1 }))
      assert.deepStrictEqual(answer.body, {
        type: "urn:roost:problem:no-such-thing",
        status: 404,
        title: "There is no such thing.",
        detail: "The thing is none.",
        code: 99
      })
    }).pipe(Effect.provide(Served))
  )

  it.live("names the field that is wrong", () =>
    Effect.gen(function* () {
      const answer = yield* post("/v1/things/a:turn", json({ degrees: 361 }))
      assert.deepStrictEqual([answer.status, answer.type], [400, "application/problem+json"])
      assert.deepStrictEqual(answer.body.errors[0].path, ["payload", "degrees"])
    }).pipe(Effect.provide(Served))
  )

  it.live(
    "answers with a problem document where no endpoint is asked: no JSON, another type, unknown path, too large",
    () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<readonly [number, string, HttpBody.HttpBody]> = [
          [400, "/v1/things/a:turn", HttpBody.text("{", "application/json")],
          [415, "/v1/things/a:turn", HttpBody.text("x", "text/csv")],
          [404, "/v1/nothing?x=1", json({})],
          [404, "/v1/things/a:fly", json({})]
        ]
        for (const [status, path, body] of cases) {
          const answer = yield* post(path, body)
          assert.deepStrictEqual([path, answer.status, answer.type], [path, status, "application/problem+json"])
          assert.strictEqual(answer.body.status, status)
        }
        const large = yield* post("/v1/things/a:turn", HttpBody.text(" ".repeat(1_100_000), "application/json"))
        assert.deepStrictEqual([large.status, large.type], [413, "application/problem+json"])
      }).pipe(Effect.provide(Served))
  )

  it.live("tells nothing of its own faults", () =>
    Effect.gen(function* () {
      const request = HttpClientRequest.get("/v1/broken").pipe(HttpClientRequest.bearerToken(token))
      const response = yield* HttpClient.execute(request)
      const text = yield* response.text
      assert.deepStrictEqual(JSON.parse(text), {
        type: "urn:roost:problem:internal-error",
        status: 500,
        title: "Roost failed. Its log says why.",
        link: "/refusals#internal-error"
      })
    }).pipe(Effect.provide(Served))
  )

  it.live("serves its description, its documentation without foreign hosts, and health, all without a token", () =>
    Effect.gen(function* () {
      const spec = JSON.parse(yield* (yield* HttpClient.get("/openapi.json")).text)
      assert.deepStrictEqual(Object.keys(spec.paths), [
        "/v1/things/{id}:turn",
        "/v1/things:count",
        "/v1/things/{id}/raw",
        "/v1/things/{id}/keep",
        "/v1/broken"
      ])
      const docs = yield* (yield* HttpClient.get("/docs")).text
      assert.notMatch(docs, /<(script|link)[^>]+(src|href)=/)
      assert.strictEqual((yield* HttpClient.get("/readyz")).status, 200)
    }).pipe(Effect.provide(Served))
  )
})

const written = (text: string | Uint8Array) =>
  typeof text === "string" ? HttpBody.text(text, "application/json") : HttpBody.uint8Array(text, "application/json")

describe("a body of an API", () => {
  it.live("has its free values as they were written, and typed members by their value (trust E7)", () =>
    Effect.gen(function* () {
      const value = `{"a":[1.0,-0,1e400,9007199254740993,{"b":0.10,"b":1e3}],"__proto__":1.50}`
      const kept = yield* post("/v1/things/a/keep", written(`{"value":${value},"seconds":30.0}`))
      assert.strictEqual(kept.text, `{"value":${value.replace(`"b":0.10,`, "")},"seconds":30}`)
      assert.strictEqual((yield* post("/v1/things/a/keep", written(`{"value":1,"seconds":1e400}`))).status, 400)
    }).pipe(Effect.provide(Served))
  )

  it.live("that is compressed is refused as that, and not as no JSON (RFC 9110 §8.4)", () =>
    Effect.gen(function* () {
      const headers = { authorization: `Bearer ${token}`, "content-encoding": "gzip" }
      const answer = yield* post("/v1/things/a:turn", json({ degrees: 1 }), headers)
      assert.strictEqual(answer.status, 415)
      assert.include(answer.body.detail, "without Content-Encoding, got gzip")
      const plain = { ...headers, "content-encoding": "identity" }
      assert.strictEqual((yield* post("/v1/things/a:turn", json({ degrees: 1 }), plain)).status, 202)
    }).pipe(Effect.provide(Served))
  )

  it.live("may begin with a byte order mark (trust E8)", () =>
    Effect.gen(function* () {
      const kept = yield* post("/v1/things/a/keep", written(`\ufeff{"value":"\ufeffx"}`))
      assert.deepStrictEqual([kept.status, kept.body], [200, { value: "\ufeffx", seconds: 0 }])
    }).pipe(Effect.provide(Served))
  )

  for (const [name, body, detail] of [
    ["is 50 000 deep", `{"value":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, /deep/],
    ["is 50 000 deep around a number to keep", `{"value":${"[".repeat(50_000)}1.0${"]".repeat(50_000)}}`, /deep/],
    ["is one too deep", `{"value":${"[".repeat(jsonDepthMax)}${"]".repeat(jsonDepthMax)}}`, /deep/],
    ["is no UTF-8", Uint8Array.of(...Buffer.from(`{"value":"`), 0xff, ...Buffer.from(`"}`)), /byte 10: expected UTF-8/],
    ["has a NUL in a text", `{"value":["a\\u0000"]}`, /\.value\[0\]/],
    ["has a NUL in a key", `{"value":{"a\\u0000":1}}`, /\.value\.a/],
    ["has a lone surrogate", `{"value":"\\ud83d"}`, /lone surrogates/],
    ["has its surrogates in the wrong order", `{"value":"\\udc00\\ud83d"}`, /lone surrogates/],
    ["is no JSON", `{"value":1,}`, /byte 11.*comma after the last/]
  ] as const) {
    it.live(`that ${name} is refused, and says where (trust F14)`, () =>
      Effect.gen(function* () {
        const refused = yield* post("/v1/things/a/keep", written(body))
        assert.deepStrictEqual([refused.status, refused.type], [400, "application/problem+json"])
        assert.match(refused.body.detail, detail)
      }).pipe(Effect.provide(Served))
    )
  }

  it.live("may have what only looks like a NUL or a surrogate (trust F14)", () =>
    Effect.gen(function* () {
      const value = `{"source":"\\\\u0000 \\ud83d\\ude00"}`
      const kept = yield* post("/v1/things/a/keep", written(`{"value":${value}}`))
      assert.deepStrictEqual(kept.body, { value: JSON.parse(value), seconds: 0 })
    }).pipe(Effect.provide(Served))
  )
})

describe("an address of an API", () => {
  it.live("may have its verb's colon encoded, on every route (trust E18)", () =>
    Effect.gen(function* () {
      for (const path of ["/v1/things/a%3Aturn", "/v1/things/a%3aturn"]) {
        assert.deepStrictEqual((yield* post(path, json({ degrees: 90 }))).body, { turned: "a" })
      }
      assert.deepStrictEqual((yield* post("/v1/things%3Acount", HttpBody.empty)).body, { count: 2 })
      const named = yield* post("/v1/things/imei%3A01%3Aturn", json({ degrees: 90 }))
      assert.deepStrictEqual(named.body, { turned: "imei:01" })
    }).pipe(Effect.provide(Served))
  )

  for (const path of [
    "/v1/things/a%00/keep",
    "/v1/things/a%0a:turn",
    "/v1/things/a%e2%80%a8:turn",
    "/v1/things/a/keep?cursor=%00",
    "/v1/things/%ff/keep",
    "/v1/things/a/keep?b=%c3"
  ]) {
    it.live(`${path} is refused (trust F14)`, () =>
      Effect.gen(function* () {
        const refused = yield* post(path, json({ value: 1 }))
        assert.deepStrictEqual([refused.status, refused.type], [400, "application/problem+json"])
      }).pipe(Effect.provide(Served))
    )
  }
})
