import { Setting } from "@roost/contracts"
import { DeviceSessionService, SessionActorsConfig } from "@roost/device-session"
import { EventPublisher, FrameBus, NatsConfig, NatsConnection } from "@roost/nats"
import { HealthServer, HttpHost, httpPortIsFree, runApp } from "@roost/observability"
import { Layer } from "effect"

const port = Setting.withDefault("ROOST_ACTORS_PORT", "TCP port of health and metrics", Setting.port, 8083)

runApp(
  {
    name: "session-actors",
    does: "has the sessions of its share of the devices, stores what they post and delivers their commands",
    settings: [SessionActorsConfig, NatsConfig, port, HttpHost],
    checks: [httpPortIsFree(port)]
  },
  Layer.mergeAll(DeviceSessionService.layer, HealthServer.layer(port)).pipe(
    Layer.provide([FrameBus.layer, EventPublisher.layer]),
    Layer.provide(NatsConnection.layer("session-actors"))
  )
)
