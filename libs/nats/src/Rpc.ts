import { headers, type Msg } from "@nats-io/transport-node"
import {
  formatTraceparent,
  fromJsonText,
  readTraceparent,
  type TraceContext,
  traceparentHeader
} from "@roost/contracts"
import { CurrentTrace, metrics, tracing, withSpan } from "@roost/observability"
import { Effect, FiberSet, Result, Schema, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError, type NatsErrorReason } from "./NatsError.ts"

/** Requests that one responder works on at once; more are refused with `Busy`, the requester may ask again. */
export const rpcConcurrencyMax = 1_024
/** How long a requester waits for the answer. */
export const rpcTimeoutMillisDefault = 2_000

/** A question on a subject of core NATS, in JSON both ways. */
export interface RpcDefinition<Request, Response> {
  readonly subject: string
  readonly request: Schema.Codec<Request, unknown>
  readonly response: Schema.Codec<Response, unknown>
}

export interface ServeOptions {
  /** Responders of one queue group share the questions. */
  readonly queue?: string
  readonly concurrencyMax?: number
}

/** Answers questions in the background of the scope, each in a fiber of its own. One without a body asks whether it is there. */
export const serveRpc = Effect.fnUntraced(function* <Request, Response, R>(
  definition: RpcDefinition<Request, Response>,
  options: ServeOptions,
  handler: (request: Request) => Effect.Effect<Response, unknown, R>
): Effect.fn.Return<void, never, NatsConnection | Scope.Scope | R> {
  const { client } = yield* NatsConnection
  const run = yield* FiberSet.makeRuntime<R>()
  const concurrencyMax = options.concurrencyMax ?? rpcConcurrencyMax
  const { decode } = jsonOf(definition.request)
  const { encode } = jsonOf(definition.response)
  let working = 0
  const callback = (error: Error | null, message: Msg) => {
    if (error !== null) return
    if (message.data.length === 0) return void message.respond("")
    if (working >= concurrencyMax) return refuse(message, "Busy", `${working} requests are worked on`)
    const request = decode(message.string())
    if (Result.isFailure(request)) return refuse(message, "Malformed", request.failure.message)
    working++
    run(
      tracedBy(message, definition.subject, handler(request.success)).pipe(
        Effect.map((response) => message.respond(encode(response))),
        Effect.catchCause((cause) =>
          Effect.logError(`${definition.subject} failed`, cause).pipe(
            Effect.andThen(Effect.sync(() => refuse(message, "Rejected", "the responder failed")))
          )
        ),
        Effect.ensuring(Effect.sync(() => void working--))
      )
    )
  }
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      client.subscribe(
        definition.subject,
        options.queue === undefined ? { callback } : { callback, queue: options.queue }
      )
    ),
    (subscription) => Effect.sync(() => subscription.unsubscribe())
  )
})

/** Asks, and gives the answer of whoever answers first. */
export const requestRpc = Effect.fnUntraced(function* <Request, Response>(
  definition: RpcDefinition<Request, Response>,
  request: Request,
  timeoutMillis: number = rpcTimeoutMillisDefault
): Effect.fn.Return<Response, NatsError, NatsConnection> {
  const { client, connected } = yield* NatsConnection
  const operation = `request ${definition.subject}`
  const fail = (reason: NatsErrorReason, detail: string) => new NatsError({ reason, operation, detail })
  if (!connected()) return yield* fail("Disconnected", "no nats-server is connected")
  const body = jsonOf(definition.request).encode(request)
  const trace = tracing.active ? yield* CurrentTrace : undefined
  const message = yield* fromClient(operation, () =>
    client.request(definition.subject, body, {
      timeout: timeoutMillis,
      ...(trace !== undefined && { headers: traceHeaders(trace) })
    })
  )
  const reason = message.headers?.get(reasonHeader)
  if (reason) return yield* fail(reasons.get(reason) ?? "Rejected", message.string())
  const response = jsonOf(definition.response).decode(message.string())
  return Result.isSuccess(response) ? response.success : yield* fail("Malformed", response.failure.message)
})

/** The answer to a traced question is a span of the same trace. */
const tracedBy = <A, E, R>(message: Msg, subject: string, answer: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const parent = tracing.active ? readTraceparent(message.headers?.get(traceparentHeader)) : undefined
  return parent === undefined
    ? answer
    : withSpan(answer, tracing.child(parent), parent.spanId, { name: `answer ${subject}`, kind: "server" })
}

const traceHeaders = (trace: TraceContext) => {
  const named = headers()
  named.set(traceparentHeader, formatTraceparent(trace))
  return named
}

interface Json<A> {
  readonly encode: (value: A) => string
  readonly decode: (text: string) => Result.Result<A, Schema.SchemaError>
}

/** Compiled once per schema: it took 12 % of a handshake's time in session-actors to compile it for each question. */
const jsonOf = <A>(schema: Schema.Codec<A, unknown>): Json<A> => {
  const known = compiled.get(schema)
  if (known !== undefined) return known as Json<A>
  const text = fromJsonText(schema)
  const json: Json<A> = { encode: Schema.encodeSync(text), decode: Schema.decodeUnknownResult(text) }
  compiled.set(schema, json)
  return json
}

const compiled = new WeakMap<object, unknown>()

const refuse = (message: Msg, reason: "Busy" | "Malformed" | "Rejected", detail: string): void => {
  refused.inc()
  const refusal = headers()
  refusal.set(reasonHeader, reason)
  message.respond(detail, { headers: refusal })
}

const reasonHeader = "Roost-Error"
const reasons: ReadonlyMap<string, NatsErrorReason> = new Map([
  ["Busy", "Busy"],
  ["Malformed", "Malformed"],
  ["Rejected", "Rejected"]
])
const refused = metrics.counter("roost_nats_rpc_refused_total", "Requests answered with an error.")
