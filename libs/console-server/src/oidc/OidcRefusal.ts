import { tlsMismatch } from "@roost/contracts"
import * as client from "openid-client"
import { answerBytesMax, answerSecondsMax, clockToleranceSeconds } from "./OidcLimits.ts"

/** Why somebody who came from the provider is not signed in, for them and for who runs Roost. */
export interface OidcRefusal {
  /** One word for each kind, counted. */
  readonly kind: "away" | "busy" | "expired" | "noRole" | "notAsked" | "provider" | "refused" | "setup"
  readonly came: string
  readonly expected: string
  readonly cause: string
  readonly cure: string
  /** For the log, where the page says less. */
  readonly detail?: string
}

export const statusOf = ({ kind }: OidcRefusal): number => {
  switch (kind) {
    case "away":
    case "busy":
      return 503
    case "provider":
    case "setup":
      return 502
    case "noRole":
      return 403
    case "notAsked":
      return 400
    case "expired":
    case "refused":
      return 401
  }
}

const tryAgain = "Sign in again. If it stays so, ask who runs Roost: its log says more."
const askOperator = "Ask who runs Roost: its log says what the provider answered."

/** The provider did not answer as it should. */
export const refusalOf = (error: unknown, issuer: string): OidcRefusal => {
  if (error instanceof client.AuthorizationResponseError) {
    const told = short(error.error_description ?? "")
    return {
      kind: "refused",
      came: `${short(error.error)}${told === "" ? "" : `: ${told}`}, from the provider`,
      expected: "that the provider lets you in",
      cause:
        error.error === "access_denied"
          ? "the sign-in was given up, or the provider lets you into no Roost"
          : "the provider does not take Roost's request as it is",
      cure: error.error === "access_denied" ? "Sign in again, or ask who runs the provider." : askOperator,
      detail: detailOf(error)
    }
  }
  if (error instanceof client.ResponseBodyError && error.error === "invalid_grant") {
    return {
      kind: "refused",
      came: "a code that the provider does not take (invalid_grant)",
      expected: "a code that is new and was not used",
      cause: "the page was loaded again, the code took too long, or somebody else used it",
      cure: "Sign in again.",
      detail: detailOf(error)
    }
  }
  if (error instanceof client.ResponseBodyError || error instanceof client.WWWAuthenticateChallengeError) {
    const code = error instanceof client.ResponseBodyError ? ` (${short(error.error)})` : ""
    return {
      kind: "setup",
      came: `HTTP ${error.status}${code} where the code is exchanged`,
      expected: "an ID token",
      cause:
        "ROOST_OIDC_CLIENT_ID, ROOST_OIDC_CLIENT_SECRET or ROOST_OIDC_CLIENT_AUTH are not those of the client there",
      cure: askOperator,
      detail: detailOf(error)
    }
  }
  if (error instanceof client.ClientError) return ofClient(error, issuer)
  return away(issuer, error)
}

/** The metadata are of another issuer than the one that they were asked of. */
export const otherIssuer = (named: string, issuer: string): OidcRefusal => ({
  kind: "setup",
  came: `metadata of the issuer ${short(named)}`,
  expected: `those of ${issuer}`,
  cause: "ROOST_OIDC_ISSUER is written in another way than the provider does, or is one of many tenants",
  cure: "Ask who runs Roost to set ROOST_OIDC_ISSUER to the issuer that the provider names, of one tenant."
})

/** Nobody answers, or not in time, or too much. */
const away = (issuer: string, error: unknown): OidcRefusal => {
  const mismatch = tlsMismatch(error, issuer)
  return {
    kind: "away",
    came: `no answer of ${issuer} that can be used`,
    expected: `its answer within ${answerSecondsMax} s, of ${answerBytesMax / 1024} KiB at most`,
    cause:
      mismatch === undefined
        ? "the provider is down, or the registry has no way to it or does not trust its certificate"
        : `ROOST_OIDC_ISSUER: ${mismatch}`,
    cure: "Try again in a moment. An account of Roost's own, or ROOST_API_TOKEN, signs in without the provider.",
    detail: detailOf(error)
  }
}

const ofClient = (error: client.ClientError, issuer: string): OidcRefusal => {
  const detail = detailOf(error)
  switch (error.code) {
    case undefined:
    case "OAUTH_TIMEOUT":
    case "OAUTH_ABORT":
      return away(issuer, error)
    case "OAUTH_JWT_TIMESTAMP_CHECK_FAILED":
      return {
        kind: "provider",
        came: "an ID token that is not good now",
        expected: "one that began and has not ended",
        cause: `the clocks of the registry and of the provider are more than ${clockToleranceSeconds} s apart`,
        cure: "Ask who runs Roost to set both clocks by NTP.",
        detail
      }
    case "OAUTH_JWT_CLAIM_COMPARISON_FAILED":
    case "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED":
      return {
        kind: "provider",
        came: `${claimOf(error)} that is another one`,
        expected: `a token of ${issuer} for this Roost and this sign-in`,
        cause:
          "ROOST_OIDC_ISSUER or ROOST_OIDC_CLIENT_ID are not those of the provider, or the answer is somebody else's",
        cure: tryAgain,
        detail
      }
    default:
      return {
        kind: "provider",
        came: `an answer that is not good (${error.code})`,
        expected: "the code, or a signed ID token, of the sign-in that began here",
        cause: "somebody changed the answer, or the provider is no OpenID Connect issuer as it should be",
        cure: tryAgain,
        detail
      }
  }
}

const claimOf = ({ cause }: client.ClientError): string => {
  const inner = cause instanceof Error ? cause.cause : cause
  const named = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {}
  const name = named["claim"] ?? named["attribute"]
  return typeof name === "string" ? `a claim ${short(name)}` : "a claim"
}

/** Words of a provider that are told, in characters. */
const toldLengthMax = 200

const short = (text: string): string => text.replace(/\p{C}/gu, " ").slice(0, toldLengthMax)

/** The messages of an error and its causes. Bodies of answers, which may have tokens, are not among them. */
const detailOf = (error: unknown): string => {
  const messages: Array<string> = []
  for (let inner = error; inner instanceof Error && messages.length < 4; inner = inner.cause) {
    const code = "code" in inner && typeof inner.code === "string" ? ` (${inner.code})` : ""
    messages.push(`${inner.message}${code}`)
  }
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
    messages.push(error.error, error.error_description ?? "")
  }
  return short(messages.filter((message) => message !== "").join("; "))
}
