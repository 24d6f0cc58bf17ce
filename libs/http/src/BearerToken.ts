import { Setting } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { Config, Effect, Redacted, Schema } from "effect"
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

const previousTokens = metrics.counter(
  "roost_http_previous_token_checks_total",
  "Checks of a token that was ROOST_API_TOKEN_PREVIOUS. While it grows, an application has not changed over."
)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
