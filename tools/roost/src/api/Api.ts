import { RegistryApi } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { Context, Effect, Layer, type Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse
} from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { FoundContext } from "../context/FindContext.ts"
import { Failure } from "../Failure.ts"
import type { Operation } from "./Operation.ts"
import { ofResponse, unreachable } from "./Unanswered.ts"

/** A request in the forms that the endpoint's schemas decode to. */
export interface Request {
  readonly params?: unknown
  readonly query?: unknown
  readonly payload?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Sent beside what the endpoint declares. */
  readonly more?: Readonly<Record<string, string>>
}

type Method = (request: object) => Effect.Effect<HttpClientResponse.HttpClientResponse, Refused>
type Refused = HttpClientError.HttpClientError | Schema.SchemaError

/** The client of one endpoint, whose name is known when it runs: its types can't be. */
const endpointClient = HttpApiClient.endpoint as unknown as (
  api: typeof RegistryApi,
  options: { readonly group: string; readonly endpoint: string; readonly httpClient: HttpClient.HttpClient }
) => Effect.Effect<Method>

/** The HTTP API at the address of the context, as a client made from its definition. */
export class Api extends Context.Service<
  Api,
  {
    /** The response, whatever its status. */
    readonly respond: (
      operation: Operation,
      request: Request
    ) => Effect.Effect<HttpClientResponse.HttpClientResponse, Failure>
    /** The answer as JSON with its numbers as they were written; undefined where it has no body. Fails for statuses of 400 and more. */
    readonly call: (operation: Operation, request: Request) => Effect.Effect<unknown, Failure>
  }
>()("@roost/tool-roost/Api") {
  static readonly layer = Layer.effect(
    Api,
    Effect.gen(function* () {
      const context = yield* FoundContext
      const http = yield* HttpClient.HttpClient
      const clientOf = (more: Request["more"]) =>
        HttpClient.mapRequest(http, (request) =>
          request.pipe(
            HttpClientRequest.prependUrl(context.url),
            HttpClientRequest.bearerToken(context.token),
            HttpClientRequest.setHeaders(more ?? {})
          )
        )
      const methodOf = ({ group, id }: Operation, more: Request["more"]): Effect.Effect<Method> =>
        endpointClient(RegistryApi, { group, endpoint: id, httpClient: clientOf(more) })
      const respond = Effect.fnUntraced(function* (operation: Operation, { more, ...request }: Request) {
        const method = yield* methodOf(operation, more)
        return yield* method({ ...request, responseMode: "response-only" }).pipe(
          Effect.catch((error) => unreachable(error, context.url))
        )
      })
      const call = Effect.fnUntraced(function* (operation: Operation, request: Request) {
        const response = yield* respond(operation, request)
        const text = yield* response.text.pipe(Effect.catch((error) => unreachable(error, context.url)))
        if (response.status >= 400) return yield* ofResponse(response, text, context)
        if (text === "") return undefined
        return yield* Effect.try({
          try: () => parseJson(text),
          catch: () => notJson(context.url, text)
        })
      })
      return { respond, call }
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

const notJson = (url: string, text: string): Failure =>
  new Failure({
    outcome: "noConnection",
    what: `${url} answered ${JSON.stringify(text.slice(0, 60))}`,
    expected: "JSON of Roost's registry",
    cause: "another program has this address, or a proxy answers in its place",
    cure: "roost context show has the address; npm start prints that of its registry"
  })
