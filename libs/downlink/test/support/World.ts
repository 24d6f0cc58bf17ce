import {
  Buckets,
  type CommandEvent,
  type DeviceAnswer,
  type DeviceReply,
  deviceRpc,
  DownlinkApi,
  placeOf,
  profileKey,
  RegistryRpcs,
  Subjects
} from "@roost/contracts"
import type { ThingModel } from "@roost/enos"
import { apiRoutes, layerIdempotency } from "@roost/http"
import { allStreams, ensureStreams, EventPublisher, NatsConnection, serveRpc } from "@roost/nats"
import { Health } from "@roost/observability"
import { layerHttpServerTest, type NatsServer, passingOver } from "@roost/testkit"
import { ConfigProvider, Context, Effect, Layer, Logger } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import {
  CommandStore,
  Downlink,
  layerCommandEvents,
  layerDeletedDevices,
  layerDownlinkHttp,
  ThingModels
} from "../../src/index.ts"

export const token = "0123456789abcdef"

const environment = (server: NatsServer) =>
  ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ROOST_API_TOKEN: token }))

/**
 * One downlink-queue on a connection of its own; its HTTP port as a client. `hides`: messages that its consumers pass over, as if
 * they had never been.
 */
export const instance = Effect.fnUntraced(function* (
  server: NatsServer,
  hides: (subject: string) => boolean = () => false
) {
  const connection = Layer.effect(
    NatsConnection,
    Effect.map(NatsConnection, (seeing) => NatsConnection.of({ ...seeing, client: passingOver(seeing.client, hides) }))
  ).pipe(Layer.provide(NatsConnection.layer("downlink-queue")))
  const services = Layer.mergeAll(Downlink.layer, layerCommandEvents, layerDeletedDevices).pipe(
    Layer.provideMerge(Layer.merge(CommandStore.layer, ThingModels.layer)),
    Layer.provide(EventPublisher.layer),
    // The registry's work.
    Layer.provide(Layer.effectDiscard(ensureStreams(allStreams))),
    Layer.provideMerge(connection)
  )
  const served = HttpRouter.serve(
    apiRoutes(DownlinkApi, Layer.merge(layerDownlinkHttp, layerIdempotency({ service: "test" }))),
    {
      disableLogger: true,
      disableListenLog: true
    }
  ).pipe(
    Layer.provideMerge(services),
    Layer.provideMerge(layerHttpServerTest),
    Layer.provideMerge(Health.layer),
    Layer.provide(environment(server)),
    Layer.provide(Logger.layer([]))
  )
  const context = yield* Layer.build(Layer.fresh(served))
  const http = Context.get(context, HttpClient.HttpClient)
  const call = Effect.fnUntraced(function* (method: "GET" | "POST", path: string, body?: unknown, key?: string) {
    const content =
      body === undefined
        ? HttpBody.empty
        : body instanceof Uint8Array
          ? HttpBody.uint8Array(body)
          : HttpBody.jsonUnsafe(body)
    const response = yield* HttpClientRequest.make(method)(path).pipe(
      HttpClientRequest.bearerToken(token),
      HttpClientRequest.setHeaders(key === undefined ? {} : { "idempotency-key": key }),
      method === "POST" ? HttpClientRequest.setBody(content) : (request) => request,
      http.execute
    )
    const text = yield* response.text
    return { status: response.status, body: JSON.parse(text) }
  }, Effect.orDie)
  /** The body of a GET, as it is written. */
  const read = (path: string) =>
    HttpClientRequest.get(path).pipe(
      HttpClientRequest.bearerToken(token),
      http.execute,
      Effect.flatMap((response) => response.text),
      Effect.orDie
    )
  return {
    call,
    read,
    context,
    health: Context.get(context, Health),
    store: Context.get(context, CommandStore),
    connection: Context.get(context, NatsConnection)
  }
})

export type Instance = Effect.Success<ReturnType<typeof instance>>

export interface World {
  /** The registry's answers, by device key; others are unknown to it. */
  readonly registered: Map<string, DeviceReply>
  /** Device keys whose actor says that they are online. */
  readonly online: Set<string>
  /** The registry's news of a thing model. */
  readonly tellModel: (model: ThingModel, version: number) => Effect.Effect<void>
  readonly event: (deviceKey: string, event: CommandEvent) => Effect.Effect<void>
  readonly nats: Context.Service.Shape<typeof NatsConnection>
}

/** A registry and actors, on a connection of their own. */
export const world = Effect.fnUntraced(function* (server: NatsServer, devices: ReadonlyArray<string>) {
  const context = yield* Layer.build(
    Layer.fresh(NatsConnection.layer("world")).pipe(
      Layer.provide(Health.layer),
      Layer.provide(environment(server)),
      Layer.provide(Logger.layer([]))
    )
  )
  const nats = Context.get(context, NatsConnection)
  const active: DeviceReply = { _tag: "Found", status: "offline", activated: true, dataFormat: "Json" }
  const registered = new Map<string, DeviceReply>(devices.map((device) => [device, active]))
  const online = new Set<string>()
  yield* Effect.gen(function* () {
    yield* serveRpc(RegistryRpcs.device, { queue: "registry" }, ({ deviceKey }) =>
      Effect.succeed(registered.get(deviceKey) ?? { _tag: "Unknown" as const })
    )
    for (const device of devices) {
      yield* serveRpc(deviceRpc(placeOf("pk", device).partition), {}, ({ deviceKey }) =>
        Effect.succeed(online.has(deviceKey) ? known : { _tag: "Unknown" as const })
      )
    }
  }).pipe(Effect.provide(context))
  const event: World["event"] = (deviceKey, commandEvent) =>
    Effect.promise(() =>
      nats.jetstream.publish(Subjects.command(kinds[commandEvent._tag], "pk", deviceKey), JSON.stringify(commandEvent))
    )
  const tellModel: World["tellModel"] = (model, version) =>
    Effect.orDie(
      Effect.promise(async () => {
        const subject = `$KV.${Buckets.profiles.name}.${profileKey.model(model.modelId)}`
        await nats.jetstream.publish(subject, JSON.stringify({ _tag: "Model", version, model }))
      })
    )
  return { registered, online, tellModel, event, nats } satisfies World
})

const kinds = { Hinted: "hinted", Fetched: "fetched", Replied: "replied", Overtaken: "overtaken" } as const

const known: DeviceAnswer = {
  _tag: "Known",
  online: true,
  lastSeenAt: 0,
  address: "",
  suite: "",
  secureMode: 2,
  lifetimeSeconds: 300,
  pending: 0
}

/** Waits until the command is in one of `states`, and gives it. */
export const settled = (one: Instance, commandId: string, ...states: ReadonlyArray<string>) =>
  one.call("GET", `/v1/commands/${commandId}`).pipe(
    Effect.delay("20 millis"),
    Effect.repeat({ until: ({ body }) => states.includes(body.state) }),
    Effect.map(({ body }) => body)
  )

export const device = (deviceKey: string) => `/v1/products/pk/devices/${deviceKey}`
