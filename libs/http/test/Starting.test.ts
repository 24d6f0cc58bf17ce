import { assert, describe, it } from "@effect/vitest"
import { Setting, strictApi } from "@roost/contracts"
import { Health } from "@roost/observability"
import { freeTcpPort } from "@roost/testkit"
import { Config, ConfigProvider, Deferred, Effect, Exit, Fiber, Layer, Logger, Schema, Scope } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { serveApi } from "../src/index.ts"

const Greetings = HttpApiGroup.make("g").add(HttpApiEndpoint.get("hello", "/v1/hello", { success: Schema.String }))
const Api = strictApi(HttpApi.make("slow").add(Greetings))

const surroundings = Layer.mergeAll(
  Health.layer,
  ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: "0123456789abcdef" })),
  Logger.layer([])
)

const fetched = (port: number) => (path: string) =>
  Effect.promise(async () => {
    const headers = { authorization: "Bearer 0123456789abcdef" }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const body: unknown = await response.json()
    return { status: response.status, body, connection: response.headers.get("connection") }
  })

describe("a service that starts", () => {
  it.live("is alive and tells what it waits for, answers 503 on its API, and 200 when it has started", () =>
    Effect.gen(function* () {
      const port = yield* freeTcpPort
      const gate = yield* Deferred.make<void>()
      const get = fetched(port)
      const Handlers = HttpApiBuilder.group(Api, "g", (handlers) =>
        Effect.gen(function* () {
          const ready = yield* Health.startup("gate", "the gate is closed")
          yield* Deferred.await(gate)
          yield* ready
          return handlers.handle("hello", () => Effect.succeed("hello"))
        })
      )
      const built = yield* Layer.build(
        serveApi(Api, Handlers, Setting.from([], Config.succeed(port))).pipe(Layer.provide(surroundings))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      const retried = Effect.suspend(() => get("/healthz")).pipe(Effect.sandbox, Effect.retry({ times: 200 }))
      assert.strictEqual((yield* retried).status, 200)
      assert.deepInclude(yield* get("/readyz"), {
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
      assert.deepInclude(yield* get("/v1/hello"), { status: 200, body: "hello" })
    })
  )
})

describe("a service that ends", () => {
  it.live("answers what came before while its stores are there, and 503 to what comes later", () =>
    Effect.gen(function* () {
      const port = yield* freeTcpPort
      const get = fetched(port)
      const [came, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      let open = true
      const Handlers = HttpApiBuilder.group(Api, "g", (handlers) =>
        Effect.gen(function* () {
          yield* Effect.addFinalizer(() => Effect.sync(() => void (open = false)))
          return handlers.handle("hello", () =>
            Effect.andThen(
              Effect.andThen(Deferred.succeed(came, undefined), Deferred.await(gate)),
              Effect.sync(() => (open ? "hello" : "gone"))
            )
          )
        })
      )
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(
        serveApi(Api, Handlers, Setting.from([], Config.succeed(port))).pipe(Layer.provide(surroundings)),
        scope
      )
      const before = yield* Effect.forkScoped(get("/v1/hello"), { startImmediately: true })
      yield* Deferred.await(came)
      const ended = yield* Effect.forkScoped(Scope.close(scope, Exit.void), { startImmediately: true })
      const later = yield* get("/v1/hello")
      assert.strictEqual(later.status, 503)
      assert.match(JSON.stringify(later.body), /The service is ending/)
      yield* Deferred.succeed(gate, undefined)
      assert.deepInclude(yield* Fiber.join(before), { status: 200, body: "hello" })
      // No connection is kept, for which the app would wait 20 s.
      assert.strictEqual(later.connection, "close")
      yield* Fiber.join(ended)
      assert.isFalse(open)
    })
  )
})
