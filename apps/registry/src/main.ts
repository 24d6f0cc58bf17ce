import {
  layerEventRoutes,
  layerWebhookClient,
  layerWebhookDelivery,
  WebhookHandlers,
  Webhooks
} from "@roost/application-events"
import { RegistryApi } from "@roost/contracts"
import {
  Credentials,
  layerLatestPoints,
  layerRegistryHealth,
  layerRegistryNats,
  layerRegistryStore,
  layerSecretVault,
  LiveStatus,
  Registry,
  RegistryHandlers,
  RegistryPort
} from "@roost/device-registry"
import { CommandService, EnosApiEnabled, layerEnosRoutes, Provisioning } from "@roost/enos-api"
import { serveApi } from "@roost/http"
import { NatsConnection } from "@roost/nats"
import { runApp } from "@roost/observability"
import { Effect, Layer } from "effect"

const stored = layerSecretVault.pipe(Layer.provideMerge(layerRegistryStore))
const nats = NatsConnection.layer("registry")

/** EnOS's open API on the registry's port: commands reach downlink-queue over NATS, so that there is one address. */
const EnosApi = Layer.unwrap(Effect.map(EnosApiEnabled, (enabled) => (enabled ? layerEnosRoutes : Layer.empty))).pipe(
  Layer.provide([Layer.effect(Provisioning, Effect.map(Registry, Provisioning.of)), CommandService.layer])
)

/** Applications hear of events by HTTP: readers of `/v1/events`, and webhooks. */
const Events = Layer.mergeAll(layerEventRoutes, WebhookHandlers, layerWebhookDelivery()).pipe(
  Layer.provide([Webhooks.layer, layerWebhookClient])
)

const Devices = Layer.mergeAll(
  RegistryHandlers,
  layerRegistryNats,
  layerRegistryHealth,
  layerLatestPoints,
  Events,
  EnosApi
).pipe(
  Layer.provide([Registry.layer, Credentials.layer]),
  Layer.provide(LiveStatus.layer),
  Layer.provide([stored, nats])
)

runApp(serveApi(RegistryApi, Devices, RegistryPort))
