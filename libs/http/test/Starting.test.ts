import { assert, describe, it } from "@effect/vitest"
import { Setting, strictApi } from "@roost/contracts"
import { Health } from "@roost/observability"
import { freeTcpPort } from "@roost/testkit"
import { Config, ConfigProvider, Deferred, Effect, Fiber, Layer, Logger, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { serveApi } from "../src/index.ts"

const Api = strictApi(
  HttpApi.make("slow").add(
    HttpApiGroup.make("g").add(HttpApiEndpoint.get("hello", "/v1/hello", { success: Schema.String }))
  )
)

describe("a service that starts", () => {
  it.live("is alive and tells what it waits for, answers 503 on its API, and 200 when it has started", () =>
    Effect.gen(function* () {
      const port = yield* freeTcpPort
      const gate = yield* Deferred.make<void>()
      const get = (path: string) =>
        Effect.promise(async () => {
          const headers = { authorization: "Bearer 0123456789abcdef" }
          const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
          const body: unknown = await response.json()
          return { status: response.status, body }
        })
      const Handlers = HttpApiBuilder.group(Api, "g", (handlers) =>
        Effect.gen(function* () {
          const ready = yield* Health.startup("gate", "the gate is closed")
          yield* Deferred.await(gate)
          yield* ready
          return handlers.handle("hello", () => Effect.succeed("hello"))
        })
      )
      const built = yield* Layer.build(
        serveApi(Api, Handlers, Setting.from([], Config.succeed(port))).pipe(
          Layer.provide(Health.layer),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: "0123456789abcdef" }))),
          Layer.provide(Logger.layer([]))
        )
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      const retried = Effect.suspend(() => get("/healthz")).pipe(Effect.sandbox, Effect.retry({ times: 200 }))
      assert.strictEqual((yield* retried).status, 200)
      assert.deepStrictEqual(yield* get("/readyz"), {
        status: 503,
        body: { ready: false, checks: { api: "the API is being built", gate: "the gate is closed" }, degraded: {} }
      })
      const early = yield* get("/v1/hello")
      assert.strictEqual(early.status, 503)
      assert.deepInclude(early.body, {
        type: "urn:roost:problem:temporarily-unavailable",
        detail: "The service is starting; /readyz says what it waits for."
      })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(built)
      assert.deepStrictEqual(yield* get("/v1/hello"), { status: 200, body: "hello" })
    })
  )
})
