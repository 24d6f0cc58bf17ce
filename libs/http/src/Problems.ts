import { RequestWrites, StoreUnavailable } from "@roost/contracts"
import { NatsError, type NatsErrorReason } from "@roost/nats"
import { Cause, Effect, type Layer, type Types } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse, ProblemDetails } from "effect/http"
import { throughTextDoor } from "./TextDoor.ts"

type Handler = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Types.unhandled,
  HttpServerRequest.HttpServerRequest
>

/**
 * Gives every error that no endpoint declares an RFC 9457 document: unknown paths (404), bodies that are no JSON (400)
 * or of another type (415), too large (413), and our own faults (500, logged, with nothing of the cause on the wire).
 */
const problems = (handler: Handler): Handler =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const writes = { written: false }
    const response = yield* handler.pipe(
      Effect.provideService(RequestWrites, writes),
      Effect.catchCause((cause) => fromCause(cause, request, writes))
    )
    return withRetryAfter(withProblem(response, request))
  })

export const layerProblems: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  (handler: Handler) => problems(throughTextDoor(handler)),
  { global: true }
)

const fromCause = Effect.fnUntraced(function* (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest.HttpServerRequest,
  writes: { readonly written: boolean }
) {
  const outage = outageOf(cause)
  if (outage !== undefined) {
    yield* Effect.logWarning(`${request.method} ${pathOf(request.url)}: ${outage.message}`)
    return unavailable(outage.mayHaveHappened || writes.written)
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

/** What a caller is told of a write that broke off. */
export const mayHaveHappenedDetail =
  "The store broke off: what this request asks for may have been done, in whole or in part. Send it again with the same " +
  "Idempotency-Key, or read what is there."

const unavailable = (mayHaveHappened: boolean) =>
  ProblemDetails.toResponse({
    type: "urn:roost:problem:temporarily-unavailable",
    status: 503,
    title: "Roost can't take this now. Try again.",
    detail: mayHaveHappened ? mayHaveHappenedDetail : "The store does not answer. Nothing was changed.",
    mayHaveHappened
  })

/** RFC 9110 §15.6.4: whoever answers 503 says when to come again. */
const withRetryAfter = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  response.status === 503 && response.headers["retry-after"] === undefined
    ? HttpServerResponse.setHeader(response, "retry-after", String(retryAfterSeconds))
    : response

const retryAfterSeconds = 2

/** An error response without a body, or with a plain sentence, becomes the problem document of its status. */
const withProblem = (
  response: HttpServerResponse.HttpServerResponse,
  request: HttpServerRequest.HttpServerRequest
): HttpServerResponse.HttpServerResponse => {
  if (
    response.status < 400 ||
    !(response.body._tag === "Empty" || response.body.contentType?.startsWith("text/plain"))
  ) {
    return response
  }
  const detail = details[response.status]?.(request)
  return ProblemDetails.toResponse({
    type: ProblemDetails.blankType,
    status: response.status,
    title: titles[response.status] ?? (response.status < 500 ? "Bad Request" : "Internal Server Error"),
    ...(detail === undefined ? {} : { detail })
  })
}

const pathOf = (url: string): string => url.split("?", 1)[0]!

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable"
}

const details: Readonly<Record<number, (request: HttpServerRequest.HttpServerRequest) => string>> = {
  400: () => "The body is not what this endpoint reads.",
  404: (request) => `No endpoint answers ${request.method} ${pathOf(request.url)}.`,
  415: (request) => `The endpoint does not read ${request.headers["content-type"] ?? "a body without Content-Type"}.`
}
