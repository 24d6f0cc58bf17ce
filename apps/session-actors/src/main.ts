import { DeviceSessionService } from "@roost/device-session"
import { EventPublisher, FrameBus, NatsConnection } from "@roost/nats"
import { HealthServer, runApp } from "@roost/observability"
import { Config, Layer } from "effect"

const port = Config.Port("ROOST_ACTORS_PORT").pipe(Config.withDefault(8083))

runApp(
  Layer.mergeAll(DeviceSessionService.layer, HealthServer.layer(port)).pipe(
    Layer.provide([FrameBus.layer, EventPublisher.layer]),
    Layer.provide(NatsConnection.layer("session-actors"))
  )
)
