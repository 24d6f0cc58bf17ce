import {
  AccessRule,
  type AccessRules,
  Authorization,
  CurrentCaller,
  Forbidden,
  ForeignOrigin,
  grantsInWords,
  isGranted,
  type Principal,
  type ProductPlace,
  type Role,
  rolesOf,
  TooManyRequests,
  Unauthorized
} from "@roost/contracts"
import { Context, Effect, Layer, Option, Result } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { answered, auditEntry, AuditLog, CurrentAudit, type Noted } from "./AuditLog.ts"
import { type Authentication, Authenticator } from "./Authenticator.ts"

/**
 * Decides every request by its endpoint's `AccessRule` and who makes it. Answers behind it have secrets now and then, so that
 * no cache may keep them (RFC 9111 §5.2.2.5).
 */
export const layerAuthorization: Layer.Layer<Authorization, never, Authenticator> = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const { authenticate } = yield* Authenticator
    const log = Option.getOrUndefined(yield* Effect.serviceOption(AuditLog))
    return Authorization.of({
      bearer: (handler, { endpoint }) =>
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const authentication = yield* authenticate(request)
          if (authentication._tag !== "Authenticated") return yield* refusalOf(authentication, request)
          const { principal } = authentication
          const rule = ruleOf(endpoint)
          const refusal = yield* forbiddenFor(principal, rule, request)
          if (refusal !== undefined) return yield* HttpServerRespondable.toResponse(refusal)
          const noted: Noted = {}
          const response = yield* handler.pipe(
            Effect.provideService(CurrentCaller, { principal, roles: rule.roles }),
            Effect.provideService(CurrentAudit, noted)
          )
          const changed = (endpoint.method !== "GET" && endpoint.method !== "HEAD") || noted.isChange === true
          if (log !== undefined && changed && response.status < 300) {
            const { params } = yield* HttpRouter.RouteContext
            const what = { operation: endpoint.identifier, target: targetOf(params) }
            yield* log.write(yield* auditEntry(principal, request, what, { after: answered(response), ...noted }))
          }
          return response.headers["cache-control"] === undefined
            ? HttpServerResponse.setHeader(response, "cache-control", "no-store")
            : response
        })
    })
  })
)

const targetOf = (params: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** An endpoint that says nothing of its callers is for admins. */
const ruleOf = (endpoint: HttpApiEndpoint.Top): AccessRules =>
  Context.getOrElse(endpoint.annotations, AccessRule, () => ({ roles: [], products: "fleet" }) as const)

const forbiddenFor = Effect.fnUntraced(function* (
  principal: Principal,
  rule: AccessRules,
  request: HttpServerRequest.HttpServerRequest
) {
  if (isGranted(principal, rule.roles)) return undefined
  const productKey = yield* productOf(rule.products, request)
  const inHandler = rule.products === "none" || rule.products === "handler"
  const granted = inHandler
    ? principal.grants.some(({ role }) => rule.roles.includes(role))
    : isGranted(principal, rule.roles, productKey)
  if (granted) return undefined
  return forbidden(principal, rule.roles, productKey, adviceFor(rule.products, productKey))
})

/** Of a handler that found what the request is about. It dies with a 403 unless the caller has a grant of that product, or of all. */
export const requireGranted = (productKey: string | undefined): Effect.Effect<void> =>
  Effect.flatMap(CurrentCaller, (caller) =>
    caller === undefined ? Effect.void : requireRoleOf(caller.principal, caller.roles, productKey)
  )

/** The same of a part of what the operation does that is for fewer roles. */
export const requireRole = (roles: ReadonlyArray<Role>, productKey: string | undefined): Effect.Effect<void> =>
  Effect.flatMap(CurrentCaller, (caller) =>
    caller === undefined ? Effect.void : requireRoleOf(caller.principal, roles, productKey)
  )

const requireRoleOf = (principal: Principal, roles: ReadonlyArray<Role>, productKey: string | undefined) =>
  isGranted(principal, roles, productKey)
    ? Effect.void
    : Effect.flatMap(HttpServerRespondable.toResponse(forbidden(principal, roles, productKey)), Effect.die)

/** Those of a list that the caller may see. */
export const grantedOf = <A extends { readonly productKey?: string | undefined }>(
  items: ReadonlyArray<A>
): Effect.Effect<ReadonlyArray<A>> =>
  Effect.map(CurrentCaller, (caller) =>
    caller === undefined
      ? items
      : items.filter(({ productKey }) => isGranted(caller.principal, caller.roles, productKey))
  )

/** The answer to a principal without one of the roles, for the product where it is about one. */
export const forbidden = (
  principal: Principal,
  roles: AccessRules["roles"],
  productKey: string | undefined,
  advice = ""
): Forbidden => {
  const needed = rolesOf({ roles, products: "none" })
  const of = productKey === undefined ? "" : ` for the product ${productKey}`
  const detail = `Needed${of}: ${needed.join(" or ")}. ${principal.name} has ${grantsInWords(principal.grants)}.${advice}`
  return new Forbidden({ detail, needed, had: [...new Set(principal.grants.map(({ role }) => role))] })
}

const adviceFor = (place: ProductPlace, productKey: string | undefined): string => {
  if (place === "fleet") return " It is about all products, so that a grant of given products does not do."
  if (productKey !== undefined) return ""
  if (place === "query") return " With ?productKey=… a grant of that product does."
  return place === "body" ? " With a productKey in the body a grant of that product does." : ""
}

const productOf = Effect.fnUntraced(function* (
  place: ProductPlace,
  request: HttpServerRequest.HttpServerRequest
): Effect.fn.Return<string | undefined, never, HttpRouter.RouteContext> {
  switch (place) {
    case "path":
      return (yield* HttpRouter.RouteContext).params["productKey"]
    case "query": {
      const named = new URLSearchParams(request.url.split("?", 2)[1] ?? "")
      // Of several, none: which of them counts is for the endpoint to say.
      const keys = [...named.getAll("productKey"), ...named.getAll("product")]
      return keys.length === 1 ? keys[0] : undefined
    }
    case "body": {
      const text = yield* Effect.orDie(request.text)
      const body: unknown = Result.getOrUndefined(Result.try(() => JSON.parse(text)))
      const key = typeof body === "object" && body !== null && "productKey" in body ? body.productKey : undefined
      return typeof key === "string" ? key : undefined
    }
    default:
      return undefined
  }
})

/** RFC 9110 §11.6.1 wants the challenge, which a declared error can't carry. */
const refusalOf = (
  authentication: Exclude<Authentication, { readonly _tag: "Authenticated" }>,
  request: HttpServerRequest.HttpServerRequest
) => {
  switch (authentication._tag) {
    case "ForeignOrigin":
      return HttpServerRespondable.toResponse(
        new ForeignOrigin({
          detail:
            "Expected a change to come from the console's own pages: an Origin header with the address of this service."
        })
      )
    case "Limited": {
      const { detail, retryAfterSeconds } = authentication
      return Effect.map(
        HttpServerRespondable.toResponse(new TooManyRequests({ detail })),
        HttpServerResponse.setHeader("retry-after", String(retryAfterSeconds))
      )
    }
    case "Refused": {
      const detail = `${authentication.fault}; expected Authorization: Bearer {token}.`
      // RFC 6750 §3.1: a token that came and is no good is said to be so.
      const error = request.headers.authorization === undefined ? "" : ', error="invalid_token"'
      return Effect.map(
        HttpServerRespondable.toResponse(new Unauthorized({ detail })),
        HttpServerResponse.setHeader("www-authenticate", `Bearer realm="roost"${error}`)
      )
    }
  }
}
