import { type Principal, RegistryKeys, Sealing, sealPurpose } from "@roost/contracts"
import { addressOf, auditEntry, AuditLog } from "@roost/http"
import { metrics } from "@roost/observability"
import { Clock, Effect, Layer, Option, Result } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomNonce, randomPKCECodeVerifier, randomState } from "openid-client"
import { ConsoleSessions } from "../ConsoleSessions.ts"
import { withSession } from "../SessionCookie.ts"
import { type Claims, claimedRoles } from "./ClaimedRoles.ts"
import { type Flow, FlowCookies, flowMillis, type Terminal, terminalOf } from "./OidcFlow.ts"
import { OidcIssuer } from "./OidcIssuer.ts"
import { pageHeaders, refusalPage, terminalPage } from "./OidcPage.ts"
import type { OidcRefusal } from "./OidcRefusal.ts"
import { type Oidc, OidcSetting } from "./OidcSetting.ts"
import { RecentlyTold } from "./RecentlyTold.ts"

type Request = HttpServerRequest.HttpServerRequest

/**
 * `GET /v1/console/oidc` leads to the provider, `…/callback` back: the authorization code flow with PKCE (OpenID Connect Core, section 3.1; RFC
 * 7636). It ends with the console's session, or with a page that says why not. Without ROOST_OIDC_ISSUER both are 404.
 */
export const layerOidcRoutes = Layer.unwrap(
  Effect.gen(function* () {
    const oidc = yield* OidcSetting
    if (oidc === undefined) return Layer.empty
    const issuer = new OidcIssuer(oidc)
    const cookies = new FlowCookies(new Sealing(yield* RegistryKeys, sealPurpose.oidc), oidc.publicUrl)
    const sessions = yield* ConsoleSessions
    const log = Option.getOrUndefined(yield* Effect.serviceOption(AuditLog))
    const refusedPeople = new RecentlyTold()
    const warnings = new RecentlyTold()

    const begin = Effect.fnUntraced(function* (request: Request) {
      const terminal = terminalOf(queryOf(request))
      if (terminal === "unusable") return yield* Effect.fail(notOfRoost)
      const flow: Flow = {
        state: randomState(),
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
        until: (yield* Clock.currentTimeMillis) + flowMillis,
        ...(terminal !== undefined && { terminal })
      }
      const address = yield* issuer.addressOf(flow)
      return cookies.with(redirect(address.href, 302), request, flow)
    })

    const audit = Effect.fnUntraced(function* (
      principal: Principal,
      request: Request,
      operation: "signIn" | "signInRefused",
      after?: object
    ) {
      if (log === undefined) return
      yield* log.write(
        yield* auditEntry(principal, request, { operation, target: {} }, after === undefined ? {} : { after })
      )
    })

    const finish = Effect.fnUntraced(function* (request: Request, flow: Flow) {
      const claims = yield* issuer.claimsOf(flow, queryOf(request).toString())
      if (claims.sub.length > subjectLengthMax) return yield* Effect.fail(longSubject)
      const person = personOf(claims)
      const claimed = claimedRoles(claims, oidc.claim, oidc.roles)
      if (claimed._tag !== "Granted") {
        const refusal = noRole(oidc, person.name, claimed)
        if (refusedPeople.isNews(person.id, performance.now())) {
          const { came, cause, cure, expected } = refusal
          yield* audit({ ...person, grants: [] }, request, "signInRefused", { came, expected, cause, cure })
        }
        return yield* Effect.fail(refusal)
      }
      const principal: Principal = { ...person, grants: claimed.grants }
      const who = { principal, version: oidc.version }
      signIns.signedIn.inc()
      if (flow.terminal !== undefined) return yield* toTerminal(who, flow.terminal)
      const session = yield* Effect.orDie(sessions.begin(who, oidc.sessionMillis))
      yield* audit(principal, request, "signIn")
      return withSession(redirect("/sign-in", 303), request, session, oidc.publicUrl.protocol === "https:")
    })

    /** The command exchanges the code for a session, as who began the sign-in alone can. */
    const toTerminal = Effect.fnUntraced(function* (
      who: { readonly principal: Principal; readonly version: number },
      { challenge, port, state }: Terminal
    ) {
      const until = (yield* Clock.currentTimeMillis) + oidc.sessionMillis
      const { secret } = yield* Effect.orDie(sessions.makeCode(who, { challenge, until }))
      return terminalPage(who.principal, { code: secret, port, state })
    })

    const told = (request: Request, refusal: OidcRefusal) => {
      signIns[refusal.kind].inc()
      const words = `${addressOf(request)} is not signed in by ${oidc.issuer.href}: ${refusal.came}; ${refusal.cause}${refusal.detail === undefined ? "" : ` (${refusal.detail})`}`
      const answer = refusalPage(refusal, oidc.name)
      // Strangers can cause each of them, as often as they like.
      const isNews = ofOperators.has(refusal.kind) && warnings.isNews(refusal.kind, performance.now())
      return Effect.as(isNews ? Effect.logWarning(words) : Effect.logDebug(words), answer)
    }

    const callback = Effect.fnUntraced(function* (request: Request) {
      const [state = "", ...more] = queryOf(request).getAll("state")
      const flow = more.length > 0 ? undefined : cookies.find(request, state, yield* Clock.currentTimeMillis)
      if (flow === undefined) return yield* told(request, notBegun(oidc))
      const finished = yield* Effect.result(finish(request, flow))
      const answer = Result.isSuccess(finished) ? finished.success : yield* told(request, finished.failure)
      return cookies.without(answer, flow.state)
    })

    return Layer.merge(
      HttpRouter.add("GET", "/v1/console/oidc", (request: Request) =>
        Effect.catch(begin(request), (refusal) => told(request, refusal))
      ),
      HttpRouter.add("GET", "/v1/console/oidc/callback", (request: Request) => callback(request))
    )
  })
)

const queryOf = ({ url }: Request): URLSearchParams => new URLSearchParams(url.split("?").slice(1).join("?"))

const redirect = (address: string, status: 302 | 303): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeaders(HttpServerResponse.redirect(address, { status }), pageHeaders)

/** Characters of a person's name that are kept, and of a subject (OpenID Connect Core, section 2). */
const nameLengthMax = 100
const subjectLengthMax = 255

/** Known for good by issuer and subject; the name is for people to read. */
const personOf = (claims: Claims & { readonly iss: string; readonly sub: string }): Omit<Principal, "grants"> => {
  const named = [claims["preferred_username"], claims["email"], claims["name"], claims.sub].find(
    (text): text is string => typeof text === "string" && text.trim() !== ""
  )
  const name = (named ?? claims.sub).replace(/\p{C}/gu, "").trim().slice(0, nameLengthMax)
  return { kind: "oidc", id: `${claims.iss}#${claims.sub}`, name }
}

const noRole = (
  { claim, name: provider }: Oidc,
  name: string,
  { _tag, came }: Exclude<ReturnType<typeof claimedRoles>, { readonly _tag: "Granted" }>
): OidcRefusal => ({
  kind: "noRole",
  came: `${name}, who has ${came}`,
  expected: `in the claim ${claim} a value that ROOST_OIDC_ROLES maps to a role`,
  cause: noRoleCauses[_tag],
  cure: `Ask who runs ${provider} for one of Roost's groups, or who runs Roost to map one that you have. Then sign in again.`
})

const noRoleCauses = {
  Absent:
    "the provider does not put the claim into the token: it has to be told to, by a scope or a mapper, and Entra leaves out more than 200 groups",
  NoText: "the claim is of another kind than a text or a list of texts, or ROOST_OIDC_ROLES_CLAIM names another one",
  NoneMapped: "the person is in none of the groups that may use Roost"
} as const

const notOfRoost: OidcRefusal = {
  kind: "notAsked",
  came: "an address that roost login does not make",
  expected: "port, challenge and state, or none of them",
  cause: "the address was cut off, or is of another version of roost",
  cure: "Copy the whole address that roost login prints, or begin at the sign-in page."
}

const longSubject: OidcRefusal = {
  kind: "provider",
  came: "a subject that is too long",
  expected: `at most ${subjectLengthMax} characters in the claim sub`,
  cause: "the provider is no OpenID Connect issuer as it should be",
  cure: "Ask who runs the provider."
}

const notBegun = ({ publicUrl }: Oidc): OidcRefusal => ({
  kind: "expired",
  came: "an answer to a sign-in that did not begin in this browser",
  expected: `one that began at ${publicUrl.origin} less than ${flowMillis / 60_000} minutes ago, and did not end yet`,
  cause:
    "it took too long, ended before, began at another address of this Roost, or the browser keeps no cookies; or somebody else sent you this link",
  cure: "Sign in again."
})

/** Refusals that the operator has to mend. */
const ofOperators: ReadonlySet<OidcRefusal["kind"]> = new Set(["away", "provider", "setup"])

const counted = (outcome: string) =>
  metrics.counter("roost_oidc_sign_ins_total", "Sign-ins by the OpenID Connect provider, by what became of them.", {
    outcome
  })
const signIns = {
  signedIn: counted("signedIn"),
  away: counted("away"),
  busy: counted("busy"),
  expired: counted("expired"),
  noRole: counted("noRole"),
  notAsked: counted("notAsked"),
  provider: counted("provider"),
  refused: counted("refused"),
  setup: counted("setup")
} as const
