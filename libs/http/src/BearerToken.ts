import { Authorization, Setting, Unauthorized } from "@roost/contracts"
import { Config, Effect, Layer, Redacted, Schema } from "effect"
import { HttpServerRespondable, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"

const tokenLengthMin = 16

const expected = `expected a token of at least ${tokenLengthMin} characters`
const Token = Schema.String.annotate({ message: expected }).check(
  Schema.isMinLength(tokenLengthMin, { message: expected })
)

/** The token of the HTTP APIs. */
export const ApiToken = Setting.required(
  "ROOST_API_TOKEN",
  `bearer token of the HTTP APIs, at least ${tokenLengthMin} characters`,
  (name) => Config.schema(Schema.Redacted(Token), name),
  { secret: true }
)

/** Compares digests, so that neither content nor length of the token shows in the time it takes. */
export const tokenCheck = Effect.map(ApiToken, (token) => {
  const expected = digest(Redacted.value(token))
  return (credential: string): boolean => timingSafeEqual(digest(credential), expected)
})

export const layerBearerToken: Layer.Layer<Authorization, Config.ConfigError> = Layer.effect(
  Authorization,
  Effect.map(tokenCheck, (isToken) =>
    Authorization.of({
      bearer: (handler, { credential }) => (isToken(Redacted.value(credential)) ? handler : unauthorized)
    })
  )
)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** RFC 9110 §11.6.1 wants the challenge, which a declared error can't carry. */
const unauthorized = Effect.map(
  HttpServerRespondable.toResponse(new Unauthorized()),
  HttpServerResponse.setHeader("www-authenticate", 'Bearer realm="roost"')
)
