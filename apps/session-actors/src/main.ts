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
  // Its health is told while it waits for NATS.
  Layer.merge(
    DeviceSessionService.layer.pipe(
      Layer.provide([FrameBus.layer, EventPublisher.layer]),
      Layer.provide(NatsConnection.layer("session-actors"))
    ),
    HealthServer.layer(port)
  )
)
