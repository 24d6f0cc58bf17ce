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
    const response = yield* Effect.catchCause(handler, (cause) => fromCause(cause, request))
    return withProblem(response, request)
  })

export const layerProblems: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  (handler: Handler) => problems(throughTextDoor(handler)),
  { global: true }
)

const fromCause = Effect.fnUntraced(function* (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest.HttpServerRequest
) {
  const [response] = yield* HttpServerError.causeResponse(cause)
  if (response.status >= 500 && !Cause.hasInterruptsOnly(cause)) {
    yield* Effect.logError(`${request.method} ${pathOf(request.url)} failed`, cause)
  }
  return response
})

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
