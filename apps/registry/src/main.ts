import {
  AccessHandlers,
  AccessStore,
  Accounts,
  AuditHandlers,
  firstAccountName,
  layerApiKeys,
  layerAuditLog,
  layerKeyAnswers,
  ManagedKeys
} from "@roost/access"
import {
  DeliveryStatuses,
  EventHandlers,
  layerWebhookClient,
  layerWebhookDelivery,
  Registered,
  UplinkHandlers,
  WebhookHandlers,
  WebhookPrivate,
  Webhooks
} from "@roost/application-events"
import {
  ConsoleFolder,
  ConsoleSessions,
  layerBrowserSessions,
  layerConsoleFiles,
  layerConsoleHttp,
  layerOidcRoutes,
  OidcSetting,
  People
} from "@roost/console-server"
import { ClusterKeys, downlinkService, RegistryKeys, registryService, Sealing, sealPurpose } from "@roost/contracts"
import {
  ClusterView,
  Credentials,
  DatabaseSetting,
  DeviceCommands,
  LatestValuesEnabled,
  UplinkCopiesEnabled,
  layerLatestPoints,
  layerProductDeletions,
  layerRegistryHealth,
  layerRegistryNats,
  layerResealing,
  layerRegistryStore,
  layerSecretLengthMin,
  layerSecretVault,
  LiveStatus,
  Processes,
  ProductRemains,
  Recordings,
  RefusedDevices,
  Registry,
  RegistryHandlers,
  SecretLengthSetting,
  Strangers
} from "@roost/device-registry"
import { layerCommandHandlers, layerRemoteDownlink } from "@roost/downlink"
import { CommandService, EnosApiEnabled, enosOutcome, layerEnosRoutes, Provisioning } from "@roost/enos-api"
import { ApiTokens, layerIdempotency, serveApi, SharedRates } from "@roost/http"
import {
  allStreams,
  ApplicationConsumers,
  EventPublisher,
  FrameBus,
  layerProcessSummary,
  NatsAdminLogin,
  NatsConfig,
  NatsConnection,
  NatsSystemLogin,
  StoredMessages,
  StreamKeeper,
  streamSettings
} from "@roost/nats"
import { HttpHost, httpPortIsFree, HttpTls, runApp } from "@roost/observability"
import { KnownDevices, SinkHandlers, Sinks, SinkStatuses } from "@roost/event-sinks"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"

const stored = layerSecretVault.pipe(Layer.provideMerge(layerRegistryStore))
/** Of the four, this one makes the streams, before anything waits for them. */
const nats = StreamKeeper.layer.pipe(Layer.provideMerge(NatsConnection.layer("registry")))

/** Messages of streams that are looked up one by one. */
const storedMessages = StoredMessages.layer("registry")

/** EnOS's open API on the registry's port: commands reach downlink-queue over NATS, so that there is one address. */
const EnosApi = Layer.unwrap(Effect.map(EnosApiEnabled, (enabled) => (enabled ? layerEnosRoutes : Layer.empty))).pipe(
  Layer.provide([Layer.effect(Provisioning, Effect.map(Registry, Provisioning.of)), CommandService.layer])
)

/** Applications hear of events by HTTP: readers of `/v1/events`, and webhooks. */
const Events = Layer.mergeAll(EventHandlers, UplinkHandlers, WebhookHandlers, layerWebhookDelivery()).pipe(
  Layer.provide([
    layerWebhookClient,
    storedMessages,
    DeliveryStatuses.layer.pipe(Layer.provide(EventPublisher.layer)),
    Layer.effect(
      Registered,
      Effect.map(Registry, ({ copies, requireDevice, requireProduct, trail }) =>
        Registered.of({ copies, requireProduct, requireDevice, trail })
      )
    )
  ])
)

/** The sinks as they are configured; `apps/sinks` writes to them. */
const DataOut = SinkHandlers.pipe(
  Layer.provide([
    Sinks.layer,
    SinkStatuses.layer,
    Layer.effect(
      KnownDevices,
      Effect.map(Registry, ({ requireDevice, requireProduct }) => KnownDevices.of({ requireProduct, requireDevice }))
    )
  ])
)

/** A product takes with it what other libs keep of it. */
const Deletions = layerProductDeletions.pipe(
  Layer.provide(
    Layer.effect(
      ProductRemains,
      Effect.map(Webhooks, ({ forgetProduct }) => ProductRemains.of({ forget: forgetProduct }))
    )
  )
)

/** Kept answers are sealed: they hold the secrets of devices. */
const Idempotency = Layer.unwrap(
  Effect.map(RegistryKeys, (keys) =>
    layerIdempotency({
      service: "registry",
      sealing: new Sealing(keys, sealPurpose.idempotency),
      outcomeOf: enosOutcome
    })
  )
)

const StoredAccess = Layer.mergeAll(ManagedKeys.layer, Accounts.layer).pipe(
  Layer.provideMerge(AccessStore.layer),
  Layer.provide(nats)
)

/** The people who sign in at the console beside the holder of the token. */
const SignedIn = Layer.effect(
  People,
  Effect.gen(function* () {
    const accounts = yield* Accounts
    const keys = yield* ManagedKeys
    return People.of({
      byPassword: accounts.check,
      versionOf: ({ id, kind }) => (kind === "account" ? accounts.versionOf(id) : Effect.succeed(0)),
      current: (principal, version) => {
        switch (principal.kind) {
          case "account":
            return accounts.current(principal.id, version)
          case "key":
            return Effect.map(keys.current(principal.id), (key) => key && { ...principal, grants: key.grants })
          default:
            return Effect.succeed(principal)
        }
      }
    })
  })
).pipe(Layer.provide(StoredAccess))

const Sessions = ConsoleSessions.layer.pipe(Layer.provide([nats, SignedIn]))

const AuditTrail = layerAuditLog("registry").pipe(Layer.provide(EventPublisher.layer), Layer.provide(nats))

/** Everybody who may call the API, and the log of what they change. */
const Callers = Layer.mergeAll(
  layerBrowserSessions.pipe(Layer.provide(Sessions)),
  layerApiKeys.pipe(Layer.provide(StoredAccess)),
  SharedRates.layer.pipe(Layer.provide(nats)),
  SignedIn,
  AuditTrail
)

/** The first start makes an account for an admin, and says its password this once. */
const FirstAccount = Layer.effectDiscard(
  Effect.gen(function* () {
    const made = yield* (yield* Accounts).makeFirst
    if (made === undefined) return
    yield* Effect.logInfo(
      `made the first account: ${firstAccountName}, password ${made.password}, which is not shown again; change it in the console under Access`
    )
  })
)

/** API keys and accounts, and who changed what. */
const Access = Layer.mergeAll(AccessHandlers, AuditHandlers, layerKeyAnswers, FirstAccount).pipe(
  Layer.provide([StoredAccess, StoredMessages.layer("registry")])
)

/** In a bundle `console` is beside it; run from its sources, the app has what was built last. */
const besideThis = ["console", "../../console/dist"].map((path) => join(import.meta.dirname, path))

/** The console's pages, and who is signed in there. */
const Console = Layer.unwrap(
  Effect.map(ConsoleFolder, (folder) =>
    Layer.mergeAll(
      layerConsoleHttp,
      layerOidcRoutes,
      layerConsoleFiles(folder ?? besideThis.find((path) => existsSync(path)) ?? besideThis[0]!)
    )
  )
)

/** Commands, too, have this one address. */
const Commands = layerCommandHandlers.pipe(Layer.provide(layerRemoteDownlink))

const Devices = Layer.mergeAll(
  RegistryHandlers,
  layerRegistryNats,
  layerRegistryHealth,
  layerResealing,
  layerLatestPoints.pipe(Layer.provide(storedMessages)),
  Events,
  DataOut,
  Commands,
  Deletions,
  EnosApi,
  Idempotency,
  Access,
  Console,
  ApplicationConsumers.layer(),
  layerProcessSummary("registry")
).pipe(
  Layer.provide(Sessions),
  Layer.provide([Registry.layer, Credentials.layer, Webhooks.layer]),
  Layer.provide(layerSecretLengthMin),
  Layer.provide([
    LiveStatus.layer,
    Strangers.layer,
    DeviceCommands.layer,
    RefusedDevices.layer,
    Recordings.layer.pipe(Layer.provide([FrameBus.layer, EventPublisher.layer])),
    ClusterView.layer.pipe(Layer.provideMerge(Processes.layer))
  ]),
  Layer.provide([stored, nats])
)

runApp(
  {
    name: "registry",
    does: "keeps products, devices, secrets and what is known of them, makes the streams of NATS, and tells applications of events",
    settings: [
      ClusterKeys,
      RegistryKeys,
      ApiTokens,
      DatabaseSetting,
      NatsConfig,
      NatsAdminLogin,
      NatsSystemLogin,
      registryService.port,
      downlinkService.port,
      HttpHost,
      HttpTls,
      EnosApiEnabled,
      LatestValuesEnabled,
      UplinkCopiesEnabled,
      SecretLengthSetting,
      ConsoleFolder,
      OidcSetting,
      WebhookPrivate,
      ...streamSettings(allStreams)
    ],
    checks: [httpPortIsFree(registryService.port)]
  },
  serveApi(registryService.api, Devices, registryService.port, [downlinkService], Callers)
)
