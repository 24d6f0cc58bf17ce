import { Authorization, ForeignOrigin, Setting, Unauthorized } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { Config, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"

const tokenLengthMin = 16

const expected = `expected a token of at least ${tokenLengthMin} characters`
const sendable = `${expected}, all of them visible ASCII: no client can send another in a header`
/** The rest has no place in a header (RFC 9110 §5.5): a blank, the CR of a file from Windows, a letter beyond ASCII. */
const Token = Schema.String.annotate({ message: expected }).check(
  Schema.isMinLength(tokenLengthMin, { message: expected }),
  Schema.isPattern(/^[\x21-\x7e]*$/, { message: sendable })
)

const read = (name: string) => Config.schema(Schema.Redacted(Token), name)

/** The tokens of the HTTP APIs: two while one is exchanged. All that an app makes itself, such as links, has the current one. */
export const ApiTokens = Setting.all({
  current: Setting.required(
    "ROOST_API_TOKEN",
    `bearer token of the HTTP APIs, at least ${tokenLengthMin} characters`,
    read,
    { secret: true }
  ),
  previous: Setting.optional("ROOST_API_TOKEN_PREVIOUS", "the token before or after, which lets in too", read, {
    secret: true
  })
})

/** Compares digests, and always with both, so that neither content nor length of a token shows in the time it takes. */
export const tokenCheck = Effect.map(ApiTokens, ({ current, previous }) => {
  const expected = digest(Redacted.value(current))
  const previously = previous === undefined ? undefined : digest(Redacted.value(previous))
  return (credential: string): boolean => {
    const came = digest(credential)
    const isPrevious = previously !== undefined && timingSafeEqual(came, previously)
    if (timingSafeEqual(came, expected)) return true
    if (isPrevious) previousTokens.inc()
    return isPrevious
  }
})

/** The token, or where there are `BrowserSessions`, who is signed in: a request without an Authorization header may be a browser's. */
export const layerBearerToken: Layer.Layer<Authorization, Config.ConfigError> = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const isToken = yield* tokenCheck
    const sessions = Option.getOrUndefined(yield* Effect.serviceOption(BrowserSessions))
    return Authorization.of({
      bearer: (handler, { credential }) =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
          const { authorization } = request.headers
          if (isBearer(authorization) && isToken(Redacted.value(credential))) return handler
          if (sessions === undefined || authorization !== undefined) return unauthorized(authorization)
          return Effect.flatMap(sessions.admission(request), (admission) => {
            if (admission === "SignedIn") return handler
            return admission === "ForeignOrigin" ? foreignOrigin : unauthorized(authorization)
          })
        })
    })
  })
)

/** `ForeignOrigin`: the browser of who is signed in asks for a change that another site's page wants. */
export type Admission = "SignedIn" | "ForeignOrigin" | "Unknown"

/**
 * The person who is signed in at the console, by a request's cookie (`@roost/console-server`). A store that does not answer is a defect.
 */
export class BrowserSessions extends Context.Service<
  BrowserSessions,
  { readonly admission: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Admission> }
>()("@roost/http/BrowserSessions") {}

const foreignOrigin = HttpServerRespondable.toResponse(
  new ForeignOrigin({
    detail: "Expected a change to come from the console's own pages: an Origin header with the address of this service."
  })
)

const previousTokens = metrics.counter(
  "roost_http_previous_token_checks_total",
  "Checks of a token that was ROOST_API_TOKEN_PREVIOUS. While it grows, an application has not changed over."
)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const isBearer = (authorization = ""): boolean => /^bearer /i.test(authorization)

/** RFC 9110 §11.6.1 wants the challenge, which a declared error can't carry. */
const unauthorized = (authorization: string | undefined) => {
  const fault =
    authorization === undefined
      ? "No Authorization header came"
      : isBearer(authorization)
        ? "The token is another one than ROOST_API_TOKEN of this service"
        : "The Authorization header is of another scheme than Bearer"
  const detail = `${fault}; expected Authorization: Bearer {token}.`
  return Effect.map(
    HttpServerRespondable.toResponse(new Unauthorized({ detail })),
    HttpServerResponse.setHeader("www-authenticate", 'Bearer realm="roost"')
  )
}
