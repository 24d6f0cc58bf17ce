import {
  BadRequest,
  ContentTooLarge,
  InternalError,
  type RequestFault,
  requestParseOptions,
  RequestRules,
  UnsupportedMediaType
} from "@roost/contracts"
import { ByteSize, Cause, Effect, Layer, Result, Schema, type Types } from "effect"
import {
  HttpMethod,
  HttpRouter,
  HttpServerRequest,
  HttpServerRespondable,
  HttpServerResponse,
  ProblemDetails
} from "effect/http"
import { type HttpApiEndpoint, HttpApiError } from "effect/http-api"
import { requestFaults, requestFaultsMax, spelledOut, undeclaredFaults } from "./RequestFaults.ts"

/**
 * Holds every endpoint to its specification, by one mechanism: an endpoint without query or body takes none. Input that does not decode is
 * answered 400 with all that is wrong in address, query and body, each with what came. 415 and 413 say what is taken.
 */
export const layerRequestRules: Layer.Layer<RequestRules> = Layer.succeed(RequestRules, (handler, { endpoint }) => {
  const parts = partsOf(endpoint)
  const undeclared = parts.filter(({ declared }) => !declared)
  const refuse = Effect.fnUntraced(function* (known: ReadonlyArray<RequestFault>) {
    const found = yield* faultsOf(parts)
    const errors = (found.length === 0 ? known : found).slice(0, requestFaultsMax)
    return yield* new BadRequest({ detail: spelledOut(errors), errors })
  })
  const refused = (
    error: Types.unhandled | HttpApiError.HttpApiSchemaError
  ): Effect.Effect<never, BadRequest | InternalError | Types.unhandled, Requires> => {
    if (!HttpApiError.HttpApiSchemaError.is(error)) return Effect.fail(error)
    if (error.kind !== "Body" && error.kind !== "ResponseHeaders") {
      return refuse(requestFaults([error.kind.toLowerCase()], error.cause.issue))
    }
    const fault = `${endpoint.method} ${endpoint.path} answers what its specification does not have`
    return Effect.andThen(Effect.logError(fault, Cause.fail(error.cause)), Effect.fail(new InternalError()))
  }
  return Effect.gen(function* () {
    const faults = yield* faultsOf(undeclared)
    if (faults.length > 0) return yield* refuse(faults)
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    return yield* explained(yield* Effect.catch(handler, refused), endpoint, headers["content-type"])
  })
})

type Requires = HttpServerRequest.HttpServerRequest | HttpServerRequest.ParsedSearchParams | HttpRouter.RouteContext

/** A part of a request that can be decoded again, once something is wrong, so that all faults are told together. */
interface Part {
  readonly declared: boolean
  readonly read: Effect.Effect<unknown, unknown, Requires>
  readonly faultsOf: (input: unknown) => ReadonlyArray<RequestFault>
}

const partsOf = (endpoint: HttpApiEndpoint.Top): ReadonlyArray<Part> => {
  const { params, payload, query } = endpoint
  const parts: Array<Part> = []
  const add = (name: string, read: Part["read"], schema: Schema.Top | undefined) =>
    parts.push({
      declared: schema !== undefined,
      read,
      faultsOf: schema === undefined ? (input) => undeclaredFaults([name], input) : decodingFaults(name, schema)
    })
  if (params !== undefined)
    add(
      "params",
      Effect.map(HttpRouter.RouteContext, (route) => route.params),
      params
    )
  add("query", HttpServerRequest.ParsedSearchParams, query && Schema.toCodecArrayFromSingle(query))
  const json = payload.get("application/json")
  if (HttpMethod.hasBody(endpoint.method) && (payload.size === 0 || json !== undefined)) {
    add("payload", jsonBody, json && Schema.Union(json.schemas as ReadonlyArray<Schema.Top>))
  }
  return parts
}

const decodingFaults = (name: string, schema: Schema.Top): Part["faultsOf"] => {
  const decode = Schema.decodeUnknownResult(schema as Schema.Codec<unknown>, requestParseOptions)
  return (input) => {
    const decoded = decode(input)
    return Result.isSuccess(decoded) ? [] : requestFaults([name], decoded.failure.issue)
  }
}

/**
 * A body of another type is answered 415 by the endpoint that reads one. An endpoint that takes none reads it as a text, which
 * is no object.
 */
const jsonBody = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
  Effect.map(request.text, (text): unknown => {
    if (text === "") return {}
    return isJson(request) ? JSON.parse(text) : text
  })
)

const isJson = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  /^$|[/+]json\s*(;|$)/i.test(headers["content-type"] ?? "")

const faultsOf = (parts: ReadonlyArray<Part>) =>
  Effect.map(
    Effect.forEach(parts, (part) => Effect.map(Effect.orDie(part.read), part.faultsOf)),
    (faults) => faults.flat()
  )

/** Says what would be taken, where a body is of another type or too large. */
const explained = (
  response: HttpServerResponse.HttpServerResponse,
  { payload }: HttpApiEndpoint.Top,
  contentType: string | undefined
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  if (response.headers["content-type"] === ProblemDetails.contentType) return Effect.succeed(response)
  if (response.status === 415) {
    const taken = [...payload.keys()].join(" or ")
    const detail = `Expected Content-Type: ${taken}, got ${contentType ?? "none"}${causeOf(contentType)}.`
    return HttpServerRespondable.toResponse(new UnsupportedMediaType({ detail }))
  }
  const bytesMax = response.status === 413 ? streamBytesMax(payload) : undefined
  if (bytesMax === undefined) return Effect.succeed(response)
  const problem = new ContentTooLarge({ detail: `Expected a body of at most ${bytesMax} bytes.` })
  // The rest of the body is not read.
  return Effect.map(HttpServerRespondable.toResponse(problem), HttpServerResponse.setHeader("connection", "close"))
}

const causeOf = (contentType: string | undefined): string =>
  contentType === "application/x-www-form-urlencoded"
    ? ", which curl -d sends unless -H content-type:… says another"
    : ""

const streamBytesMax = (payload: HttpApiEndpoint.Top["payload"]): number | undefined => {
  for (const { schemas } of payload.values()) {
    const [first] = schemas
    if ("maxBytes" in first && first.maxBytes !== undefined) return ByteSize.toNumberUnsafe(first.maxBytes)
  }
  return undefined
}
