import { ConsoleApi, ForeignOrigin, NotSignedIn, SignInRefused } from "@roost/contracts"
import { BrowserSessions } from "@roost/http"
import { Effect, Layer, Option } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ConsoleSessions } from "./ConsoleSessions.ts"
import { isOwnOrigin, sessionSecretOf, withoutSession, withSession } from "./SessionCookie.ts"

const CodeHandlers = HttpApiBuilder.group(
  ConsoleApi,
  "codes",
  Effect.fnUntraced(function* (handlers) {
    const { makeCode } = yield* ConsoleSessions
    return handlers.handleAll({
      createSignInCode: () =>
        makeCode.pipe(
          Effect.map(({ expiresAt, secret }) => ({ code: secret, expiresAt })),
          Effect.orDie
        )
    })
  })
)

const SessionHandlers = HttpApiBuilder.group(
  ConsoleApi,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const sessions = yield* ConsoleSessions
    return handlers.handleAll({
      signIn: Effect.fnUntraced(function* ({ payload, request }) {
        if (!isOwnOrigin(request)) return yield* new ForeignOrigin({ detail: originExpected })
        const byCode = "code" in payload
        const found = yield* Effect.orDie(byCode ? sessions.byCode(payload.code) : sessions.byToken(payload.token))
        if (Option.isNone(found)) return yield* new SignInRefused({ detail: byCode ? codeExpected : tokenExpected })
        const { expiresAt, secret } = found.value
        return withSession(HttpServerResponse.jsonUnsafe({ expiresAt }, { status: 201 }), request, secret)
      }),
      getSession: Effect.fnUntraced(function* ({ request }) {
        const secret = sessionSecretOf(request)
        const expiresAt = secret === undefined ? Option.none() : yield* Effect.orDie(sessions.find(secret))
        if (Option.isNone(expiresAt)) return yield* new NotSignedIn()
        return { expiresAt: expiresAt.value }
      }),
      signOut: Effect.fnUntraced(function* ({ request }) {
        if (!isOwnOrigin(request)) return yield* new ForeignOrigin({ detail: originExpected })
        const secret = sessionSecretOf(request)
        if (secret !== undefined) yield* Effect.orDie(sessions.end(secret))
        return withoutSession(HttpServerResponse.empty({ status: 204 }), request)
      })
    })
  })
)

const originExpected =
  "Expected the request to come from the console's own pages, or an Origin header with this address."
const codeExpected =
  "The code was used before, is older than ten minutes, or is another Roost's. `npm start` prints a new link, and POST /v1/console/codes makes one."
const tokenExpected = "The token is another one than ROOST_API_TOKEN of this service."

/** Signing in and out, beside the routes of `RegistryApi`. */
export const layerConsoleHttp = HttpApiBuilder.layer(ConsoleApi).pipe(Layer.provide([CodeHandlers, SessionHandlers]))

/** Lets browsers in at every endpoint, by the cookie of who is signed in. */
export const layerBrowserSessions = Layer.effect(
  BrowserSessions,
  Effect.map(ConsoleSessions, ({ find }) =>
    BrowserSessions.of({
      admission: Effect.fnUntraced(function* (request) {
        const secret = sessionSecretOf(request)
        if (secret === undefined || Option.isNone(yield* Effect.orDie(find(secret)))) return "Unknown"
        return isOwnOrigin(request) ? "SignedIn" : "ForeignOrigin"
      })
    })
  )
)
