import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Authorization } from "@roost/contracts"
import { Health } from "@roost/observability"
import { ConfigProvider, Effect, Layer, Logger, Schema } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema
} from "effect/http-api"
import { apiRoutes, pathSegmentLengthMax } from "../src/index.ts"

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
  HttpApiEndpoint.get("broken", "/v1/broken", { success: Schema.String })
)

const Api = HttpApi.make("things").add(Things).middleware(Authorization).middleware(HttpApiMiddleware.ProblemDetails)

const Handlers = HttpApiBuilder.group(Api, "things", (handlers) =>
  handlers.handleAll({
    turn: ({ params }) =>
      params.id === "none"
        ? Effect.fail(new NoSuchThing({ code: 99, detail: "The thing is none." }))
        : Effect.succeed({ turned: params.id }),
    all: () => Effect.succeed({ count: 2 }),
    raw: ({ payload }) => Effect.succeed({ bytes: payload.length }),
    broken: () => Effect.die(new Error("the secret is 42"))
  })
)

const token = "0123456789abcdef"
const Served = HttpRouter.serve(apiRoutes(Api, Handlers), {
  disableLogger: true,
  disableListenLog: true,
  routerConfig: { maxParamLength: pathSegmentLengthMax }
}).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide(Health.layer),
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: token }))),
  Layer.provide(Logger.layer([]))
)

const post = Effect.fnUntraced(function* (path: string, body: HttpBody.HttpBody, bearer: string | undefined = token) {
  let request = HttpClientRequest.post(path).pipe(HttpClientRequest.setBody(body))
  if (bearer !== "") request = HttpClientRequest.bearerToken(request, bearer)
  const response = yield* HttpClient.execute(request)
  const text = yield* response.text
  return {
    status: response.status,
    type: response.headers["content-type"],
    challenge: response.headers["www-authenticate"],
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
      for (const bearer of ["", "wrong", token + "x"]) {
        const answer = yield* post("/v1/things/a:turn", json({ degrees: 1 }), bearer)
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(answer.type, "application/problem+json")
        assert.strictEqual(answer.challenge, 'Bearer realm="roost"')
        assert.strictEqual(answer.body.type, "urn:roost:problem:unauthorized")
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
      assert.deepStrictEqual(JSON.parse(text), { type: "about:blank", status: 500, title: "Internal Server Error" })
    }).pipe(Effect.provide(Served))
  )

  it.live("serves its description, its documentation without foreign hosts, and health, all without a token", () =>
    Effect.gen(function* () {
      const spec = JSON.parse(yield* (yield* HttpClient.get("/openapi.json")).text)
      assert.deepStrictEqual(Object.keys(spec.paths), [
        "/v1/things/{id}:turn",
        "/v1/things:count",
        "/v1/things/{id}/raw",
        "/v1/broken"
      ])
      const docs = yield* (yield* HttpClient.get("/docs")).text
      assert.notMatch(docs, /<(script|link)[^>]+(src|href)=/)
      assert.strictEqual((yield* HttpClient.get("/readyz")).status, 200)
    }).pipe(Effect.provide(Served))
  )
})
