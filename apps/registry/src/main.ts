import {
  Credentials,
  layerRegistryHttp,
  layerRegistryNats,
  layerRegistryStore,
  layerSecretVault,
  LiveStatus,
  Registry
} from "@roost/device-registry"
import { NatsConnection } from "@roost/nats"
import { runApp } from "@roost/observability"
import { Layer } from "effect"

const stored = layerSecretVault.pipe(Layer.provideMerge(layerRegistryStore))
const nats = NatsConnection.layer("registry")

runApp(
  Layer.mergeAll(layerRegistryHttp, layerRegistryNats).pipe(
    Layer.provide([Registry.layer, Credentials.layer]),
    Layer.provide(LiveStatus.layer),
    Layer.provide([stored, nats])
  )
)
