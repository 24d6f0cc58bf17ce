import {
  ConsoleApi,
  CurrentCaller,
  ForeignOrigin,
  NotSignedIn,
  type Principal,
  sessionTokenPrefix,
  SignInRefused,
  tokenPrincipal,
  TooManyRequests
} from "@roost/contracts"
import { addressOf, auditEntry, AuditLog, BrowserSessions } from "@roost/http"
import { Effect, Layer, Option } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ConsoleSessions } from "./ConsoleSessions.ts"
import { OidcSetting } from "./oidc/OidcSetting.ts"
import { People } from "./People.ts"
import { bearerSecretOf, isOwnOrigin, sessionSecretOf, withoutSession, withSession } from "./SessionCookie.ts"

const CodeHandlers = HttpApiBuilder.group(
  ConsoleApi,
  "codes",
  Effect.fnUntraced(function* (handlers) {
    const { find, makeCode } = yield* ConsoleSessions
    const endOf = (request: Request) =>
      Effect.map(find(bearerSecretOf(request) ?? sessionSecretOf(request) ?? ""), (session) =>
        Option.match(session, { onNone: () => 0, onSome: ({ expiresAt }) => expiresAt })
      )
    const people = Option.getOrUndefined(yield* Effect.serviceOption(People))
    const oidc = yield* OidcSetting
    const versionOf = (principal: Principal) =>
      principal.kind === "oidc"
        ? Effect.succeed(oidc?.version ?? 0)
        : (people?.versionOf(principal) ?? Effect.succeed(0))
    return handlers.handleAll({
      createSignInCode: Effect.fnUntraced(function* ({ request }) {
        const principal = (yield* CurrentCaller)?.principal ?? tokenPrincipal
        const maker = { principal, version: yield* versionOf(principal) }
        // By codes of codes, who is out at the provider would stay in here for ever.
        const until = principal.kind === "oidc" ? yield* endOf(request) : undefined
        const { expiresAt, secret } = yield* makeCode(maker, until === undefined ? {} : { until })
        return { code: secret, expiresAt }
      }, Effect.orDie)
    })
  })
)

const SessionHandlers = HttpApiBuilder.group(
  ConsoleApi,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const sessions = yield* ConsoleSessions
    const people = Option.getOrUndefined(yield* Effect.serviceOption(People))
    const oidc = yield* OidcSetting
    const log = Option.getOrUndefined(yield* Effect.serviceOption(AuditLog))
    const note = Effect.fnUntraced(function* (operation: string, principal: Principal, request: Request) {
      if (log === undefined) return
      yield* log.write(yield* auditEntry(principal, request, { operation, target: {} }, {}))
    })
    const bySecret = Effect.fnUntraced(function* (kind: "code" | "token", secret: string) {
      const found = yield* Effect.orDie(kind === "code" ? sessions.byCode(secret) : sessions.byToken(secret))
      if (Option.isSome(found)) return found.value
      return yield* new SignInRefused({ detail: kind === "code" ? codeExpected : tokenExpected })
    })
    const byPassword = Effect.fnUntraced(function* (
      { name, password }: { readonly name: string; readonly password: string },
      request: Request
    ) {
      if (people === undefined) return yield* new SignInRefused({ detail: passwordExpected })
      const outcome = yield* people.byPassword(name, password, addressOf(request))
      switch (outcome._tag) {
        case "Right":
          return yield* Effect.orDie(sessions.begin(outcome))
        case "Wrong":
          // The first refusal of a lock-out only: a flood of wrong passwords would push everything else out of the log.
          if (outcome.lockedNow) yield* note("lockedOut", { kind: "account", id: name, name, grants: [] }, request)
          return yield* new SignInRefused({ detail: passwordExpected })
        case "LockedOut":
          return yield* new TooManyRequests({
            detail: `Too many wrong passwords of this name or address. Try again in ${outcome.retryAfterSeconds} s.`
          })
      }
    })
    return handlers.handleAll({
      signIn: Effect.fnUntraced(function* ({ payload, request }) {
        if (!isOwnOrigin(request)) return yield* new ForeignOrigin({ detail: originExpected })
        const ticket =
          "password" in payload
            ? yield* byPassword(payload, request)
            : yield* bySecret("code" in payload ? "code" : "token", "code" in payload ? payload.code : payload.token)
        const session = Option.getOrUndefined(yield* Effect.orDie(sessions.find(ticket.secret)))
        if (session === undefined) return yield* new SignInRefused({ detail: goneMeanwhile })
        yield* note("signIn", session.principal, request)
        return withSession(HttpServerResponse.jsonUnsafe(session, { status: 201 }), request, ticket)
      }),
      exchangeSignInCode: Effect.fnUntraced(function* ({ payload: { code, verifier }, request }) {
        const ticket = Option.getOrUndefined(yield* Effect.orDie(sessions.byCode(code, verifier)))
        const session = ticket && Option.getOrUndefined(yield* Effect.orDie(sessions.find(ticket.secret)))
        if (ticket === undefined || session === undefined) {
          return yield* new SignInRefused({ detail: codeAndVerifierExpected })
        }
        yield* note("signIn", session.principal, request)
        return { token: `${sessionTokenPrefix}${ticket.secret}`, ...session }
      }),
      getSignInWays: () =>
        Effect.succeed(
          oidc === undefined
            ? {}
            : { oidc: { name: oidc.name, address: new URL("/v1/console/oidc", oidc.publicUrl).href } }
        ),
      getSession: Effect.fnUntraced(function* ({ request }) {
        const secret = bearerSecretOf(request) ?? sessionSecretOf(request)
        const session = secret === undefined ? Option.none() : yield* Effect.orDie(sessions.find(secret))
        if (Option.isNone(session)) return yield* new NotSignedIn()
        return session.value
      }),
      signOut: Effect.fnUntraced(function* ({ request }) {
        const bearer = bearerSecretOf(request)
        // No page of another site has a token to send.
        if (bearer === undefined && !isOwnOrigin(request)) return yield* new ForeignOrigin({ detail: originExpected })
        const secret = bearer ?? sessionSecretOf(request)
        if (secret !== undefined) {
          const session = yield* Effect.orDie(sessions.find(secret))
          if (Option.isSome(session)) yield* note("signOut", session.value.principal, request)
          yield* Effect.orDie(sessions.end(secret))
        }
        return withoutSession(HttpServerResponse.empty({ status: 204 }), request)
      })
    })
  })
)

type Request = HttpServerRequest.HttpServerRequest

const passwordExpected = "No account has this name and password, or it is disabled."
const goneMeanwhile = "What signs in was changed at this moment. Try again."
const originExpected =
  "Expected the request to come from the console's own pages, or an Origin header with this address."
const codeExpected =
  "The code was used before, is older than ten minutes, or is another Roost's. `npm start` prints a new link, and POST /v1/console/codes makes one."
const codeAndVerifierExpected =
  "The code was used before, is older than ten minutes, or is of another roost login than this verifier. Run roost login again."
const tokenExpected = "The token is another one than ROOST_API_TOKEN of this service."

/** Signing in and out, beside the routes of `RegistryApi`. */
export const layerConsoleHttp = HttpApiBuilder.layer(ConsoleApi).pipe(Layer.provide([CodeHandlers, SessionHandlers]))

/** Lets browsers in at every endpoint, by the cookie of who is signed in. */
export const layerBrowserSessions = Layer.effect(
  BrowserSessions,
  Effect.map(ConsoleSessions, ({ find }) =>
    BrowserSessions.of({
      byToken: (token) =>
        Effect.map(Effect.orDie(find(token.slice(sessionTokenPrefix.length))), (session) =>
          Option.getOrUndefined(Option.map(session, ({ principal }) => principal))
        ),
      admission: Effect.fnUntraced(function* (request) {
        const secret = sessionSecretOf(request)
        const session = secret === undefined ? Option.none() : yield* Effect.orDie(find(secret))
        if (Option.isNone(session)) return { _tag: "Unknown" } as const
        if (!isOwnOrigin(request)) return { _tag: "ForeignOrigin" } as const
        return { _tag: "SignedIn", principal: session.value.principal } as const
      })
    })
  )
)
