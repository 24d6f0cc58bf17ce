import { type Grant, RegistryApi } from "@roost/contracts"
import { ApiKeys, apiRoutes, pathSegmentLengthMax, SharedRates } from "@roost/http"
import { allStreams, ensureStreams, EventPublisher, NatsConnection, StoredMessages } from "@roost/nats"
import { Health } from "@roost/observability"
import { layerHttpServerTest, type NatsServer } from "@roost/testkit"
import { ConfigProvider, Context, Effect, Layer, Logger } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpMethod, HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, type HttpApiGroup } from "effect/http-api"
import {
  AccessHandlers,
  AccessStore,
  Accounts,
  AuditHandlers,
  layerApiKeys,
  layerAuditLog,
  layerKeyAnswers,
  layerRemoteApiKeys,
  ManagedKeys
} from "../../src/index.ts"

export const token = "0123456789abcdef"

type Handlers = Layer.Layer<HttpApiGroup.ToService<string, HttpApiGroup.Constraint>>
type Api = HttpApi.HttpApi<string, HttpApiGroup.Constraint>

/** Every other operation of the registry answers 200 with what it was asked about. */
const otherGroups = () => {
  const groups = new Map<string, Array<string>>()
  HttpApi.reflect(RegistryApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      if (group.identifier === "access" || group.identifier === "audit") return
      groups.set(group.identifier, [...(groups.get(group.identifier) ?? []), endpoint.identifier])
    }
  })
  const [first, ...rest] = [...groups].map(([group, names]) =>
    HttpApiBuilder.group(RegistryApi as unknown as Api, group, (handlers) => {
      const answer = ({ params }: { readonly params?: object }) =>
        Effect.succeed(HttpServerResponse.jsonUnsafe({ ...params, productSecret: "not to be told" }))
      return Effect.succeed(handlers.handleAll(Object.fromEntries(names.map((name) => [name, answer])) as never))
    })
  )
  return Layer.mergeAll(first!, ...rest)
}

/** A registry's access on a connection of its own to the server, and what downlink-queue knows of keys. */
export const instance = Effect.fnUntraced(function* (
  server: NatsServer,
  keyName = "ROOST_CLUSTER_KEY",
  key = clusterKey
) {
  const nats = NatsConnection.layer("registry")
  const access = Layer.mergeAll(ManagedKeys.layer, Accounts.layer).pipe(
    Layer.provideMerge(AccessStore.layer),
    Layer.provide(Layer.effectDiscard(ensureStreams(allStreams))),
    Layer.provideMerge(nats)
  )
  const groups = Layer.mergeAll(AccessHandlers, AuditHandlers, otherGroups()).pipe(
    Layer.provide(StoredMessages.layer("registry")),
    Layer.provide(access)
  )
  const callers = Layer.mergeAll(
    layerApiKeys,
    SharedRates.layer,
    layerAuditLog("registry").pipe(Layer.provide(EventPublisher.layer))
  ).pipe(Layer.provide(access))
  const served = HttpRouter.serve(
    apiRoutes(RegistryApi as unknown as Api, groups as unknown as Handlers, {}, callers),
    {
      disableLogger: true,
      disableListenLog: true,
      routerConfig: { maxParamLength: pathSegmentLengthMax }
    }
  ).pipe(
    Layer.provideMerge(layerHttpServerTest),
    Layer.provideMerge(layerKeyAnswers.pipe(Layer.provideMerge(access))),
    Layer.provideMerge(layerRemoteApiKeys.pipe(Layer.provide(nats))),
    Layer.provideMerge(Health.layer),
    Layer.provide(
      ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ROOST_API_TOKEN: token, [keyName]: key }))
    ),
    Layer.provide(Logger.layer([]))
  )
  const context = yield* Layer.build(Layer.fresh(served))
  const http = Context.get(context, HttpClient.HttpClient)
  const call = Effect.fnUntraced(function* (
    method: HttpMethod.HttpMethod,
    path: string,
    body?: unknown,
    secret: string = token
  ) {
    const response = yield* HttpClientRequest.make(method)(path).pipe(
      HttpClientRequest.bearerToken(secret),
      HttpClientRequest.setBody(body === undefined ? HttpBody.empty : HttpBody.jsonUnsafe(body)),
      http.execute
    )
    const text = yield* response.text
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) }
  }, Effect.orDie)
  return {
    call,
    remote: Context.get(context, ApiKeys),
    accounts: Context.get(context, Accounts),
    store: Context.get(context, AccessStore)
  }
})

const clusterKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

export const developer = (...products: ReadonlyArray<string>): Grant => ({ role: "developer", products })
