import { layerAuditLog, layerRemoteApiKeys } from "@roost/access"
import { downlinkService, registryService } from "@roost/contracts"
import {
  CommandStore,
  Downlink,
  layerCommandEvents,
  layerDeletedDevices,
  layerDownlinkHttp,
  layerDownlinkRpc,
  ThingModels
} from "@roost/downlink"
import { ApiTokens, layerIdempotency, serveApi, SharedRates } from "@roost/http"
import { EventPublisher, layerProcessSummary, NatsConfig, NatsConnection } from "@roost/nats"
import { HttpHost, httpPortIsFree, HttpTls, runApp } from "@roost/observability"
import { Layer } from "effect"

const Commands = Layer.mergeAll(layerDownlinkRpc, layerCommandEvents, layerDeletedDevices).pipe(
  Layer.provideMerge(Downlink.layer),
  Layer.provide([CommandStore.layer, ThingModels.layer]),
  Layer.provide(EventPublisher.layer)
)

const nats = NatsConnection.layer("downlink-queue")

/** API keys are the registry's: it is asked over NATS. */
const Callers = Layer.mergeAll(
  layerRemoteApiKeys,
  SharedRates.layer,
  layerAuditLog("downlink-queue").pipe(Layer.provide(EventPublisher.layer))
).pipe(Layer.provide(nats))

const Routes = Layer.merge(
  layerDownlinkHttp.pipe(Layer.provide(Commands)),
  Layer.merge(layerIdempotency({ service: "downlink-queue" }), layerProcessSummary("downlink-queue"))
).pipe(Layer.provide(nats))

runApp(
  {
    name: "downlink-queue",
    does: "takes the commands of applications, and keeps them for devices",
    settings: [ApiTokens, NatsConfig, downlinkService.port, registryService.port, HttpHost, HttpTls],
    checks: [httpPortIsFree(downlinkService.port)]
  },
  serveApi(downlinkService.api, Routes, downlinkService.port, [registryService], Callers)
)
