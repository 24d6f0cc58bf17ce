import { Setting } from "@roost/contracts"
import { plainNumbers } from "@roost/enos"
import { linkOf } from "@roost/explain"
import { auditEntry, AuditLog, type Authentication, Authenticator, outageOf, readBody } from "@roost/http"
import { Config, Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import { commandActions } from "./CommandActions.ts"
import { CommandService } from "./CommandService.ts"
import { enosRules, forbiddenFor } from "./EnosRules.ts"
import { deviceActions } from "./DeviceActions.ts"
import { type Action, ApiCode, EnosFailure, type EnosResult, failed } from "./EnosAnswer.ts"
import { measurepointActions } from "./MeasurepointActions.ts"
import { productActions } from "./ProductActions.ts"
import { Provisioning } from "./Provisioning.ts"

type Needs = Provisioning | CommandService

/** By resource, then by method and action. */
export const enosResources: Readonly<Record<string, Readonly<Record<string, Action<Needs>>>>> = {
  products: productActions,
  devices: deviceActions,
  commands: commandActions,
  measurepoints: measurepointActions
}

/** Whether the routes are served. */
export const EnosApiEnabled = Setting.withDefault(
  "ROOST_ENOS_API",
  "whether EnOS's open API v2.1 is served on the same port",
  Config.Boolean,
  false
)

/**
 * `/connect-service/v2.1/{resource}?action=…` as EnOS's open API has it: every answer is 200 with `code`, 0 where all is
 * well. Others have `link` beside it, where cause and cure of the refusal stand. The token is an API key or ROOST_API_TOKEN, in
 * `apim-accesstoken` as there, or as a bearer token.
 */
export const layerEnosRoutes: Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter | Authenticator | Provisioning | CommandService
> = Layer.unwrap(
  Effect.gen(function* () {
    const services = yield* Effect.context<Needs>()
    const { authenticate } = yield* Authenticator
    const log = Option.getOrUndefined(yield* Effect.serviceOption(AuditLog))
    const answer = (method: "GET" | "POST") =>
      Effect.fnUntraced(
        function* (request: HttpServerRequest.HttpServerRequest) {
          const url = new URL(request.url, "http://roost")
          const result = yield* run(method, url, request, yield* authenticate(request), log).pipe(
            Effect.provideContext(services)
          )
          return { code: ApiCode.ok, msg: "OK", ...result }
        },
        Effect.catch((error: EnosFailure) =>
          Effect.succeed({
            code: error.code,
            msg: error.msg,
            data: error.data ?? null,
            link: linkOf(error.refusal)
          })
        ),
        Effect.catchCause((cause) =>
          Effect.logError("a call of the EnOS API failed", cause).pipe(
            Effect.as({
              code: ApiCode.internal,
              msg:
                outageOf(cause) === undefined
                  ? "Roost failed; its log says why"
                  : "The store does not answer; what the call asks for may have been done. Repeat it with the same Idempotency-Key",
              data: null,
              link: linkOf(outageOf(cause) === undefined ? "internal-error" : "temporarily-unavailable")
            })
          )
        ),
        Effect.map((body) => HttpServerResponse.jsonUnsafe({ ...body, requestId: randomUUID() }))
      )
    const path = "/connect-service/v2.1/:resource"
    return Layer.merge(HttpRouter.add("GET", path, answer("GET")), HttpRouter.add("POST", path, answer("POST")))
  })
)

/** An answer's account of the request, for the keeper of answers to an `Idempotency-Key`; other paths' 2xx are done. */
export const enosOutcome = (path: string, body: Uint8Array): "Done" | "Refused" | "Open" => {
  if (!path.startsWith("/connect-service/")) return "Done"
  const { code } = JSON.parse(Buffer.from(body).toString("utf8")) as { readonly code: number }
  if (code === ApiCode.ok) return "Done"
  return harmless.has(code) ? "Refused" : "Open"
}

const harmless: ReadonlySet<number> = new Set([ApiCode.invalidArgument, ApiCode.noPermission, ApiCode.notFound])

const run = Effect.fnUntraced(function* (
  method: "GET" | "POST",
  url: URL,
  request: HttpServerRequest.HttpServerRequest,
  authentication: Authentication,
  log: AuditLog["Service"] | undefined
): Effect.fn.Return<EnosResult, EnosFailure, Needs> {
  if (authentication._tag !== "Authenticated") return yield* unknownCaller(authentication)
  const query = Object.fromEntries(url.searchParams)
  const resource = url.pathname.split("/").at(-1)!
  const name = `${method} ${query["action"] ?? ""}`
  if (!Object.hasOwn(enosResources, resource)) {
    return yield* failed(ApiCode.notFound, `Roost has no ${resource}; it has ${Object.keys(enosResources).join(", ")}`)
  }
  const actions = enosResources[resource]!
  if (!Object.hasOwn(actions, name)) {
    const names = Object.keys(actions).join(", ")
    return yield* failed(ApiCode.notFound, `Roost has no ${name} of ${resource}; it has ${names}`)
  }
  const body = method === "GET" ? {} : yield* bodyOf(request)
  const call = { query, body: plainNumbers(body), written: body }
  const { principal } = authentication
  const refusal = yield* forbiddenFor(principal, enosRules[`${resource} ${name}`], call)
  if (refusal !== undefined) return yield* failed(ApiCode.noPermission, refusal, undefined, "forbidden")
  const result = yield* actions[name]!(call)
  if (log !== undefined && changes.test(name)) {
    const target = Object.fromEntries(
      named.flatMap((key) => {
        const value = query[key] ?? (call.body as Readonly<Record<string, unknown>> | null)?.[key]
        return typeof value === "string" ? [[key, value]] : []
      })
    )
    const what = { operation: `enos:${resource} ${query["action"]}`, target }
    yield* log.write(yield* auditEntry(principal, request, what, { after: result.data ?? body }))
  }
  return result
})

/** Calls that change something; the others, whatever their method, read. */
const changes = /^POST (?!search|query)/
/** Names of what a call is about. */
const named = ["productKey", "deviceKey", "assetId", "commandId"]

const unknownCaller = (authentication: Exclude<Authentication, { readonly _tag: "Authenticated" }>): EnosFailure => {
  switch (authentication._tag) {
    case "Limited":
      return failed(
        ApiCode.noPermission,
        `${authentication.detail} Try again in ${authentication.retryAfterSeconds} s`,
        undefined,
        "rate-exceeded"
      )
    case "Refused":
      return failed(
        ApiCode.noPermission,
        `${authentication.fault}; the call needs an API key or ROOST_API_TOKEN in apim-accesstoken`
      )
    case "ForeignOrigin":
      return failed(ApiCode.noPermission, "a page of another site may change nothing", undefined, "foreign-origin")
  }
}

/** A body may be left out where nothing in it is needed. */
const bodyOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<unknown, EnosFailure> =>
  readBody(request).pipe(
    Effect.map((body) => body ?? {}),
    Effect.mapError((error) =>
      failed(
        ApiCode.invalidArgument,
        "expected" in error
          ? `the body: expected ${error.expected}, got ${error.got}`
          : "the body can't be read, or is too long"
      )
    )
  )
