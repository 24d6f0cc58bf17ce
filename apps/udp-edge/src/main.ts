import { EdgeService } from "@roost/edge"
import { FrameBus, NatsConnection } from "@roost/nats"
import { HealthServer, runApp } from "@roost/observability"
import { Config, Layer } from "effect"

const port = Config.Port("ROOST_EDGE_PORT").pipe(Config.withDefault(8082))

runApp(
  Layer.mergeAll(EdgeService.layer, HealthServer.layer(port)).pipe(
    Layer.provide(FrameBus.layer),
    Layer.provide(NatsConnection.layer("udp-edge"))
  )
)
