import { Setting } from "@roost/contracts"
import { EdgeConfig, EdgeService, udpPortIsFree } from "@roost/edge"
import { FrameBus, NatsConfig, NatsConnection } from "@roost/nats"
import { HealthServer, HttpHost, httpPortIsFree, runApp } from "@roost/observability"
import { Layer } from "effect"

const port = Setting.withDefault("ROOST_EDGE_PORT", "TCP port of health and metrics", Setting.port, 8082)

runApp(
  {
    name: "udp-edge",
    does: "takes the DTLS datagrams of devices, and routes them to session-actors",
    settings: [EdgeConfig, NatsConfig, port, HttpHost],
    checks: [httpPortIsFree(port), udpPortIsFree]
  },
  // Its health is told while it waits for NATS.
  Layer.merge(
    EdgeService.layer.pipe(Layer.provide(FrameBus.layer), Layer.provide(NatsConnection.layer("udp-edge"))),
    HealthServer.layer(port)
  )
)
