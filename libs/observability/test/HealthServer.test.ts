import { layerHttpServerTest } from "@roost/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient, HttpRouter } from "effect/http"
import { Health, healthRoutes, layerProcessMetrics, metrics } from "../src/index.ts"

const Served = HttpRouter.serve(healthRoutes(), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(layerHttpServerTest),
  Layer.provideMerge(Health.layer),
  Layer.provideMerge(layerProcessMetrics())
)

describe("health", () => {
  it.live("says 503 and names the check that fails, until it does not", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.register("store", () => undefined)
      const ready = yield* Health.startup("streams", "the streams are not there yet")
      const before = yield* HttpClient.get("/readyz")
      assert.strictEqual(before.status, 503)
      assert.deepStrictEqual(yield* before.json, {
        ready: false,
        checks: { store: "ok", streams: "the streams are not there yet" },
        degraded: {}
      })
      yield* ready
      const after = yield* HttpClient.get("/readyz")
      assert.strictEqual(after.status, 200)
      assert.strictEqual((yield* HttpClient.get("/healthz")).status, 200)
    }).pipe(Effect.provide(Served))
  )

  it.live("is ready without what only others need, and names it", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.registerDegraded("registry", () => "no registry answers")
      const response = yield* HttpClient.get("/readyz")
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(yield* response.json, {
        ready: true,
        checks: {},
        degraded: { registry: "no registry answers" }
      })
    }).pipe(Effect.provide(Served))
  )

  it.live("is not ready any more once it drains", () =>
    Effect.gen(function* () {
      const health = yield* Health
      health.drain("draining since SIGTERM")
      assert.deepInclude(health.readiness(), { ready: false, checks: { drain: "draining since SIGTERM" } })
    }).pipe(Effect.provide(Health.layer))
  )

  it.live("forgets a check with the scope that registered it", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* Effect.scoped(health.register("gone", () => "down"))
      assert.isTrue(health.readiness().ready)
    }).pipe(Effect.provide(Health.layer))
  )

  it.live("serves /metrics for Prometheus, with the process's own", () =>
    Effect.gen(function* () {
      metrics.counter("roost_test_total", "Test.").inc(3)
      const response = yield* HttpClient.get("/metrics")
      const text = yield* response.text
      assert.include(response.headers["content-type"], "text/plain; version=0.0.4")
      assert.match(text, /^roost_test_total 3$/m)
      assert.match(text, /^process_cpu_seconds_total [0-9.]+$/m)
      assert.match(text, /^nodejs_eventloop_lag_p99_seconds [0-9.e-]+$/m)
      // As Prometheus 2 and 3 ask, and as a person does.
      for (const [accept, type] of [
        [
          "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
          "application/openmetrics-text; version=1.0.0"
        ],
        ["text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.3", "text/plain; version=0.0.4"],
        ["application/openmetrics-text;q=0", "text/plain; version=0.0.4"],
        ["*/*", "text/plain; version=0.0.4"]
      ] as const) {
        const answer = yield* HttpClient.get("/metrics", { headers: { accept } })
        assert.include(answer.headers["content-type"], type, accept)
        assert.strictEqual((yield* answer.text).endsWith("\n# EOF\n"), type.startsWith("application"), accept)
      }
      // One turn that stands still, among any number of short ones.
      yield* Effect.sleep(50)
      const until = performance.now() + 200
      while (performance.now() < until);
      yield* Effect.sleep(50)
      const after = yield* Effect.flatMap(HttpClient.get("/metrics"), (again) => again.text)
      assert.isAtLeast(Number(/^nodejs_eventloop_lag_max_seconds (.*)$/m.exec(after)![1]), 0.15)
    }).pipe(Effect.provide(Served))
  )
})
