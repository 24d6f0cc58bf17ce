import { ClusterKeys, Setting } from "@roost/contracts"
import { layerProcessSummary, NatsConfig, NatsConnection } from "@roost/nats"
import { HealthServer, HttpHost, httpPortIsFree, runApp } from "@roost/observability"
import { layerSinkDelivery, layerSinkTest, SinkModels, Sinks, SinkScripts, SinkStatuses } from "@roost/event-sinks"
import { Layer } from "effect"

const port = Setting.withDefault("ROOST_SINKS_PORT", "TCP port of health and metrics", Setting.port, 8084)

const Delivery = Layer.merge(layerSinkDelivery(), layerSinkTest).pipe(
  Layer.provide([Sinks.layer, SinkStatuses.layer, SinkModels.layer, SinkScripts.layer]),
  Layer.merge(layerProcessSummary("sinks")),
  Layer.provide(NatsConnection.layer("sinks"))
)

runApp(
  {
    name: "sinks",
    does: "writes uplinks, presence, commands and the log to databases and brokers",
    settings: [ClusterKeys, NatsConfig, port, HttpHost],
    checks: [httpPortIsFree(port)]
  },
  // Its health is told while it waits for NATS.
  Layer.merge(Delivery, HealthServer.layer(port))
)
