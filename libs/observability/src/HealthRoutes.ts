import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { openMetricsText, prefersOpenMetrics, prometheusText } from "./Exposition.ts"
import { Health } from "./Health.ts"
import { type MetricRegistry, metrics } from "./Metrics.ts"

/**
 * `/healthz` (200 while the process lives), `/readyz` (200 or 503, JSON naming each check) and `/metrics`, for the
 * router of an app. `/metrics` answers OpenMetrics to who asks for it.
 */
export const healthRoutes = (
  registry: MetricRegistry = metrics
): Layer.Layer<never, never, Health | HttpRouter.HttpRouter> =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const health = yield* Health
      yield* router.add("GET", "/healthz", HttpServerResponse.jsonUnsafe({ status: "ok" }))
      yield* router.add(
        "GET",
        "/readyz",
        Effect.sync(() => {
          const readiness = health.readiness()
          return HttpServerResponse.jsonUnsafe(readiness, { status: readiness.ready ? 200 : 503 })
        })
      )
      yield* router.add(
        "GET",
        "/metrics",
        Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
          const isOpen = prefersOpenMetrics(headers["accept"])
          return HttpServerResponse.text(isOpen ? registry.renderOpenMetrics() : registry.render(), {
            contentType: isOpen ? openMetricsText : prometheusText,
            headers: { vary: "accept" }
          })
        })
      )
    })
  )
