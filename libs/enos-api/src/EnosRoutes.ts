import { Setting } from "@roost/contracts"
import { plainNumbers } from "@roost/enos"
import { linkOf } from "@roost/explain"
import { outageOf, readBody, tokenCheck } from "@roost/http"
import { Config, Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import { commandActions } from "./CommandActions.ts"
import { CommandService } from "./CommandService.ts"
import { deviceActions } from "./DeviceActions.ts"
import { type Action, ApiCode, EnosFailure, type EnosResult, failed } from "./EnosAnswer.ts"
import { measurepointActions } from "./MeasurepointActions.ts"
import { productActions } from "./ProductActions.ts"
import { Provisioning } from "./Provisioning.ts"

type Needs = Provisioning | CommandService

const resources: Readonly<Record<string, Readonly<Record<string, Action<Needs>>>>> = {
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
 * well. Others have `link` beside it, where cause and cure of the refusal stand. The token is ROOST_API_TOKEN, in `apim-accesstoken` as there, or as a bearer token.
 */
export const layerEnosRoutes: Layer.Layer<
  never,
  Config.ConfigError,
  HttpRouter.HttpRouter | Provisioning | CommandService
> = Layer.unwrap(
  Effect.gen(function* () {
    const services = yield* Effect.context<Needs>()
    const isToken = yield* tokenCheck
    const answer = (method: "GET" | "POST") =>
      Effect.fnUntraced(
        function* (request: HttpServerRequest.HttpServerRequest) {
          const url = new URL(request.url, "http://roost")
          const result = yield* run(method, url, request, isToken).pipe(Effect.provideContext(services))
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
  isToken: (token: string) => boolean
): Effect.fn.Return<EnosResult, EnosFailure, Needs> {
  const token = request.headers["apim-accesstoken"] ?? request.headers["authorization"]?.replace(/^Bearer /i, "")
  if (token === undefined || !isToken(token)) {
    return yield* failed(ApiCode.noPermission, "the call needs ROOST_API_TOKEN in apim-accesstoken")
  }
  const query = Object.fromEntries(url.searchParams)
  const resource = url.pathname.split("/").at(-1)!
  const name = `${method} ${query["action"] ?? ""}`
  if (!Object.hasOwn(resources, resource)) {
    return yield* failed(ApiCode.notFound, `Roost has no ${resource}; it has ${Object.keys(resources).join(", ")}`)
  }
  const actions = resources[resource]!
  if (!Object.hasOwn(actions, name)) {
    const names = Object.keys(actions).join(", ")
    return yield* failed(ApiCode.notFound, `Roost has no ${name} of ${resource}; it has ${names}`)
  }
  const body = method === "GET" ? {} : yield* bodyOf(request)
  return yield* actions[name]!({ query, body: plainNumbers(body), written: body })
})

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
