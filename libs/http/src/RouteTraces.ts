import { readTraceparent, traceparentHeader } from "@roost/contracts"
import { tracing, withSpan } from "@roost/observability"
import { Context, Effect, type Exit } from "effect"
import { HttpRouter, HttpServerRequest, type HttpServerResponse } from "effect/http"

type Response = HttpServerResponse.HttpServerResponse

/**
 * A request of the API as a span. It is of the caller's trace, if that is sampled. Else it begins a new one, if it is chosen by share, or by
 * the device in its address. `observe` hears of its end, with the trace if there is one.
 */
export const tracedRequest = <E, R>(
  name: string,
  handler: Effect.Effect<Response, E, R>,
  observe: (exit: Exit.Exit<Response, E>, traceId: string | undefined) => void
): Effect.Effect<Response, E, R> =>
  Effect.contextWith((context: Context.Context<R>) => {
    const services = context as Context.Context<never>
    const request = Context.getOrUndefined(services, HttpServerRequest.HttpServerRequest)
    const { deviceKey, productKey } = Context.getOrUndefined(services, HttpRouter.RouteContext)?.params ?? {}
    const parent = readTraceparent(request?.headers[traceparentHeader])
    const device = productKey === undefined || deviceKey === undefined ? undefined : { productKey, deviceKey }
    const own = parent === undefined ? tracing.begin(device) : tracing.child(parent)
    const observed = Effect.onExit(handler, (exit) => Effect.sync(() => observe(exit, own?.traceId)))
    if (own === undefined) return observed
    const attributes = {
      "http.route": name.slice(name.indexOf(" ") + 1),
      "http.request.method": name.split(" ", 1)[0]!
    }
    return withSpan(observed, own, parent?.spanId, { name, kind: "server", attributes })
  })
