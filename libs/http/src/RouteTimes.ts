import { type Histogram, latencyBounds, metrics, tracing } from "@roost/observability"
import { Cause, Effect, Exit } from "effect"
import type { HttpServerResponse } from "effect/http"
import { tracedRequest } from "./RouteTraces.ts"

/**
 * Measures how long a route takes to begin its answer, by its template: `/v1/products/{productKey}`, and never the address that was
 * asked for. So there are as many series as there are routes, times the four outcomes.
 */
export const timed = <E, R>(
  method: string,
  path: string,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> => {
  const route = templateOf(path)
  const series = new Map<string, Histogram>()
  const seriesOf = (status: string): Histogram => {
    const known = series.get(status)
    if (known !== undefined) return known
    const made = metrics.histogram(
      "roost_http_request_seconds",
      "From a request of the API to the beginning of its answer, by route.",
      latencyBounds,
      { method, route, status }
    )
    series.set(status, made)
    return made
  }
  return Effect.suspend(() => {
    const startedAt = performance.now()
    const observe = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>, traceId?: string) => {
      const value = (performance.now() - startedAt) / 1e3
      const histogram = seriesOf(statusOf(exit))
      histogram.observe(value)
      if (traceId !== undefined) histogram.exemplify({ traceId, value, at: Date.now() / 1e3 })
    }
    return tracing.active
      ? tracedRequest(`${method} ${route}`, handler, observe)
      : Effect.onExit(handler, (exit) => Effect.sync(() => observe(exit)))
  })
}

/** `aborted`: who asked did not wait for the answer. */
const statusOf = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>): string => {
  if (Exit.isSuccess(exit)) return `${Math.floor(exit.value.status / 100)}xx`
  return Cause.hasInterruptsOnly(exit.cause) ? "aborted" : "5xx"
}

/** A router's path as specifications write it: `/things/:id(.*?)::turn` is `/things/{id}:turn`. */
const templateOf = (path: string): string => path.replaceAll(/(?<!:):(\w+)(\(.*?\))?/g, "{$1}").replaceAll("::", ":")
