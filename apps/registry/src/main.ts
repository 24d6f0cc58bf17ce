import { RegistryApi } from "@roost/contracts"
import {
  Credentials,
  layerRegistryNats,
  layerRegistryStore,
  layerSecretVault,
  LiveStatus,
  Registry,
  RegistryHandlers,
  RegistryPort
} from "@roost/device-registry"
import { serveApi } from "@roost/http"
import { NatsConnection } from "@roost/nats"
import { runApp } from "@roost/observability"
import { Layer } from "effect"

const stored = layerSecretVault.pipe(Layer.provideMerge(layerRegistryStore))
const nats = NatsConnection.layer("registry")

const Devices = Layer.mergeAll(RegistryHandlers, layerRegistryNats).pipe(
  Layer.provide([Registry.layer, Credentials.layer]),
  Layer.provide(LiveStatus.layer),
  Layer.provide([stored, nats])
)

runApp(serveApi(RegistryApi, Devices, RegistryPort))
