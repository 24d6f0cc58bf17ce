import { type Principal, sessionTokenPrefix, tokenPrincipal } from "@roost/contracts"
import { type Config, Context, Effect, Layer, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { tokenCheck } from "./BearerToken.ts"
import { KeyRates } from "./KeyRates.ts"
import { SharedRates } from "./SharedRates.ts"

/** The key that a secret belongs to, as far as it is known. */
export type FoundKey =
  | { readonly _tag: "Known"; readonly principal: Principal; readonly requestsPerSecond: number }
  /** It was good until then, milliseconds since 1970. */
  | { readonly _tag: "Expired"; readonly at: number }
  | { readonly _tag: "Unknown" }

/** Finds API keys by their secret. A store that does not answer is a defect. */
export class ApiKeys extends Context.Service<
  ApiKeys,
  { readonly find: (secret: string, address: string) => Effect.Effect<FoundKey> }
>()("@roost/http/ApiKeys") {}

/** `ForeignOrigin`: the browser of who is signed in asks for a change that another site's page wants. */
export type Admission =
  | { readonly _tag: "SignedIn"; readonly principal: Principal }
  | { readonly _tag: "ForeignOrigin" | "Unknown" }

/**
 * The person who is signed in at the console, by a request's cookie (`@roost/console-server`). A store that does not answer is a defect.
 */
export class BrowserSessions extends Context.Service<
  BrowserSessions,
  {
    readonly admission: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Admission>
    /** The person who signed in by `roost login`, by a token that begins with `sessionTokenPrefix`; undefined: the session is over. */
    readonly byToken: (token: string) => Effect.Effect<Principal | undefined>
  }
>()("@roost/http/BrowserSessions") {}

/** The outcome of a request's authentication. */
export type Authentication =
  | { readonly _tag: "Authenticated"; readonly principal: Principal }
  /** `fault`: what came instead, as a sentence's beginning. */
  | { readonly _tag: "Refused"; readonly fault: string }
  | { readonly _tag: "Limited"; readonly detail: string; readonly retryAfterSeconds: number }
  | { readonly _tag: "ForeignOrigin" }

/**
 * Says who makes a request: by ROOST_API_TOKEN or an API key in `Authorization` or EnOS's `apim-accesstoken`, or by a browser's cookie.
 * Each request is judged, and counted against its key's rate, once.
 */
export class Authenticator extends Context.Service<
  Authenticator,
  { readonly authenticate: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Authentication> }
>()("@roost/http/Authenticator") {
  /** `ApiKeys`, `BrowserSessions` and `SharedRates` are asked where there are any. */
  static readonly layer: Layer.Layer<Authenticator, Config.ConfigError> = Layer.effect(
    Authenticator,
    Effect.gen(function* () {
      const isToken = yield* tokenCheck
      const keys = Option.getOrUndefined(yield* Effect.serviceOption(ApiKeys))
      const sessions = Option.getOrUndefined(yield* Effect.serviceOption(BrowserSessions))
      const rates = new KeyRates()
      const shared = Option.getOrUndefined(yield* Effect.serviceOption(SharedRates))
      if (shared !== undefined) yield* shared.share(rates)
      const judged = new WeakMap<object, Authentication>()

      const byCookie = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
        const admission = sessions === undefined ? unknown : yield* sessions.admission(request)
        switch (admission._tag) {
          case "SignedIn":
            return { _tag: "Authenticated", principal: admission.principal } as const
          case "ForeignOrigin":
            return { _tag: "ForeignOrigin" } as const
          case "Unknown":
            return { _tag: "Refused", fault: "No Authorization header came" } as const
        }
      })
      const bySecret = Effect.fnUntraced(function* (secret: string, address: string) {
        if (isToken(secret)) return { _tag: "Authenticated", principal: tokenPrincipal } as const
        if (sessions !== undefined && secret.startsWith(sessionTokenPrefix)) {
          const principal = yield* sessions.byToken(secret)
          return principal === undefined
            ? ({ _tag: "Refused", fault: sessionOver } as const)
            : ({ _tag: "Authenticated", principal } as const)
        }
        const found = keys === undefined ? unknown : yield* keys.find(secret, address)
        if (found._tag === "Unknown") return { _tag: "Refused", fault: wrongSecret } as const
        if (found._tag === "Expired") {
          const fault = `The API key expired at ${new Date(found.at).toISOString()}`
          return { _tag: "Refused", fault } as const
        }
        const { principal, requestsPerSecond } = found
        const waitMillis = rates.take(principal.id, requestsPerSecond, performance.now())
        if (waitMillis === 0) return { _tag: "Authenticated", principal } as const
        const detail = `The API key ${principal.name} may make ${requestsPerSecond} requests a second.`
        return { _tag: "Limited", detail, retryAfterSeconds: Math.ceil(waitMillis / 1_000) } as const
      })
      const judge = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Authentication> => {
        const { authorization } = request.headers
        const enosToken = request.headers["apim-accesstoken"]
        if (authorization === undefined && enosToken === undefined) return byCookie(request)
        const secret = enosToken ?? /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
        if (secret !== undefined) return bySecret(secret, addressOf(request))
        const fault = /^bearer( |$)/i.test(authorization ?? "")
          ? wrongSecret
          : "The Authorization header is of another scheme than Bearer"
        return Effect.succeed({ _tag: "Refused", fault })
      }
      return Authenticator.of({
        authenticate: (request) => {
          const known = judged.get(request.source)
          if (known !== undefined) return Effect.succeed(known)
          return Effect.tap(judge(request), (authentication) =>
            Effect.sync(() => void judged.set(request.source, authentication))
          )
        }
      })
    })
  )
}

/** The caller's IP address as this service sees it: that of a proxy where there is one. */
export const addressOf = (request: HttpServerRequest.HttpServerRequest): string =>
  Option.getOrElse(request.remoteAddress, () => "")

const unknown = { _tag: "Unknown" } as const
const sessionOver = "The session of roost login is over, or was signed out; roost login begins another"
const wrongSecret = "The token is neither ROOST_API_TOKEN of this service nor an API key that is good"
