import {
  BadRequest,
  ContentTooLarge,
  InternalError,
  MethodNotAllowed,
  NoSuchEndpoint,
  RequestWrites,
  StoreUnavailable,
  TemporarilyUnavailable,
  UnsupportedMediaType
} from "@roost/contracts"
import { NatsError, type NatsErrorReason } from "@roost/nats"
import { Cause, Effect, type Layer, type Types } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { didYouMean, type KnownEndpoint, nearestEndpoints, nearestVerbs } from "./NearestEndpoint.ts"
import { pathSegmentLengthMax, requestBytesMax } from "./RequestLimits.ts"
import { faultOfAddress, throughTextDoor } from "./TextDoor.ts"

type Handler = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Types.unhandled,
  HttpServerRequest.HttpServerRequest
>

/**
 * Gives every error that no endpoint declares an RFC 9457 document. These are unknown paths (404) and methods (405), and bodies that are
 * no JSON (400), of another type (415) or too large (413). Our own faults are 500, logged, with nothing of the cause on the wire.
 */
const problems = (handler: Handler, routes: Routes): Handler =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const writes = { written: false }
    const response = yield* handler.pipe(
      Effect.provideService(RequestWrites, writes),
      Effect.catchCause((cause) => fromCause(cause, request, writes))
    )
    return withRetryAfter(yield* withProblem(response, request, routes))
  })

/**
 * The problems that are answered here. `elsewhere`: the other service that answers, as it is told; `endpoints`: what both have, for who
 * mistook one.
 */
export interface Routes {
  readonly methodsOf: (url: string) => ReadonlyArray<string>
  readonly endpoints: ReadonlyArray<KnownEndpoint>
  readonly elsewhere: (method: string, url: string) => string | undefined
}

export const layerProblems = (routes: Routes): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.middleware((handler: Handler) => problems(throughTextDoor(handler), routes), { global: true })

const fromCause = Effect.fnUntraced(function* (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest.HttpServerRequest,
  writes: { readonly written: boolean }
) {
  const outage = outageOf(cause)
  if (outage !== undefined) {
    yield* Effect.logWarning(`${request.method} ${pathOf(request.url)}: ${outage.message}`)
    return yield* unavailable(outage.mayHaveHappened || writes.written)
  }
  const [response] = yield* HttpServerError.causeResponse(cause)
  if (response.status >= 500 && !Cause.hasInterruptsOnly(cause)) {
    yield* Effect.logError(`${request.method} ${pathOf(request.url)} failed`, cause)
  }
  return response
})

/** Why a store could not be asked, where that is the cause. */
export const outageOf = (cause: Cause.Cause<unknown>): StoreUnavailable | undefined => {
  for (const reason of cause.reasons) {
    const defect = reason._tag === "Die" ? reason.defect : undefined
    if (defect instanceof StoreUnavailable) return defect
    if (defect instanceof NatsError && outages.has(defect.reason)) {
      const mayHaveHappened = defect.reason === "Timeout"
      return new StoreUnavailable(defect.message, { mayHaveHappened, cause: defect })
    }
  }
  return undefined
}

const outages: ReadonlySet<NatsErrorReason> = new Set(["Disconnected", "Timeout", "NoResponders", "Busy", "Rejected"])

/** Words for the caller of a write that broke off. */
export const mayHaveHappenedDetail =
  "The store broke off: what this request asks for may have been done, in whole or in part. Send it again with the same " +
  "Idempotency-Key, or read what is there."

const unavailable = (mayHaveHappened: boolean) =>
  HttpServerRespondable.toResponse(
    new TemporarilyUnavailable({
      detail: mayHaveHappened ? mayHaveHappenedDetail : "The store does not answer. Nothing was changed.",
      mayHaveHappened
    })
  )

/** RFC 9110 §15.6.4: whoever answers 503 says when to come again. */
const withRetryAfter = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  response.status === 503 && response.headers["retry-after"] === undefined
    ? HttpServerResponse.setHeader(response, "retry-after", String(retryAfterSeconds))
    : response

const retryAfterSeconds = 2

/** An error response without a body, or with a plain sentence, becomes the problem document of its status. */
const withProblem = Effect.fnUntraced(function* (
  response: HttpServerResponse.HttpServerResponse,
  request: HttpServerRequest.HttpServerRequest,
  routes: Routes
) {
  const { body, headers, status } = response
  if (status === 400) {
    // Taken by a path that says less, which can't have such a name: `PATCH /products/pk1:rotate-secret` is no change of a product.
    const methods = routes.methodsOf(request.url)
    const readable = faultOfAddress(pathOf(request.url), "path") === undefined
    const missed = readable && methods.length > 0 && !methods.includes(request.method)
    if (missed && routes.elsewhere(request.method, request.url) === undefined) {
      return yield* methodNotAllowed(request, methods, routes)
    }
  }
  if (status < 400 || !(body._tag === "Empty" || body.contentType?.startsWith("text/plain"))) return response
  if (status === 404) return yield* notFound(request, routes)
  const problem = yield* HttpServerRespondable.toResponse(problemOf(status, request))
  return headers["connection"] === undefined ? problem : HttpServerResponse.setHeader(problem, "connection", "close")
})

/** No endpoint has the address, or none by this method (RFC 9110 §15.5.6), or another service has it. */
const notFound = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, routes: Routes) {
  const { method, url } = request
  const asked = `${method} ${pathOf(url)}`
  const longest = Math.max(
    ...pathOf(url)
      .split("/")
      .map((segment) => segment.length)
  )
  if (longest > pathSegmentLengthMax) {
    const detail = `A segment of the path has ${longest} characters; at most ${pathSegmentLengthMax} are read.`
    return yield* HttpServerRespondable.toResponse(new BadRequest({ detail }))
  }
  const elsewhere = routes.elsewhere(method, url)
  if (elsewhere !== undefined) {
    return yield* HttpServerRespondable.toResponse(new NoSuchEndpoint({ detail: `${elsewhere} serves ${asked}.` }))
  }
  const methods = routes.methodsOf(url)
  if (methods.length === 0) {
    const meant = didYouMean(nearestEndpoints(method, pathOf(url), routes.endpoints))
    const detail = `No endpoint answers ${asked}${meant === "" ? "." : meant} /docs has those that there are.`
    return yield* HttpServerRespondable.toResponse(new NoSuchEndpoint({ detail }))
  }
  return yield* methodNotAllowed(request, methods, routes)
})

const methodNotAllowed = (
  { method, url }: HttpServerRequest.HttpServerRequest,
  methods: ReadonlyArray<string>,
  { endpoints }: Routes
) => {
  const allow = methods.join(", ")
  const meant = didYouMean(nearestVerbs(method, pathOf(url), endpoints))
  const detail = `${pathOf(url)} answers ${allow}, not ${method}${meant === "" ? "." : meant}`
  const problem = new MethodNotAllowed({ detail })
  return Effect.map(HttpServerRespondable.toResponse(problem), HttpServerResponse.setHeader("allow", allow))
}

const pathOf = (url: string): string => url.split("?", 1)[0]!

const problemOf = (status: number, request: HttpServerRequest.HttpServerRequest): HttpServerRespondable.Respondable => {
  switch (status) {
    case 413:
      return new ContentTooLarge({ detail: `Expected a body of at most ${requestBytesMax} bytes.` })
    case 415:
      return new UnsupportedMediaType({
        detail: `The endpoint does not read ${request.headers["content-type"] ?? "a body without Content-Type"}.`
      })
    case 499:
    case 503:
      return new TemporarilyUnavailable()
    default:
      return status < 500
        ? new BadRequest({ detail: "The body is not what this endpoint reads." })
        : new InternalError()
  }
}
