import { Setting } from "@roost/contracts"
import { Config } from "effect"
import { resolve } from "node:path"

/** How `npm start` is told where things are (docs/variables.md has the variables of the apps). */
export interface DevConfig {
  /** Set: this server is used and none is started. */
  readonly natsUrl: string | undefined
  readonly natsPort: number
  readonly dataDirectory: string
  readonly udpHost: string
  readonly udpPort: number
  readonly httpHost: string
  readonly ports: {
    readonly registry: number
    readonly downlink: number
    readonly edge: number
    readonly actors: number
    readonly sinks: number
  }
}

const port = (name: string, whose: string, otherwise: number) =>
  Setting.withDefault(name, `port of ${whose}`, Setting.port, otherwise)

export const DevConfig: Setting<DevConfig> = Setting.all({
  natsUrl: Setting.optional("NATS_URL", "a nats-server to use", Config.NonEmptyString, {
    otherwise: "one is started",
    secret: true,
    shown: Setting.withoutLogin
  }),
  natsPort: port("ROOST_NATS_PORT", "the nats-server that is started", 4222),
  dataDirectory: Setting.map(
    Setting.withDefault("ROOST_DATA_DIR", "folder of all data", Config.NonEmptyString, ".roost"),
    (path) => resolve(path)
  ),
  udpHost: Setting.withDefault("ROOST_UDP_HOST", "address that devices come to", Config.NonEmptyString, "0.0.0.0"),
  udpPort: port("ROOST_UDP_PORT", "devices (UDP)", 5684),
  httpHost: Setting.withDefault("ROOST_HTTP_HOST", "address of the HTTP ports", Config.NonEmptyString, "127.0.0.1"),
  ports: Setting.all({
    registry: port("ROOST_REGISTRY_PORT", "the registry's HTTP", 8080),
    downlink: port("ROOST_DOWNLINK_PORT", "downlink-queue's HTTP", 8081),
    edge: port("ROOST_EDGE_PORT", "udp-edge's health", 8082),
    actors: port("ROOST_ACTORS_PORT", "session-actors' health", 8083),
    sinks: port("ROOST_SINKS_PORT", "sinks' health, of --sinks", 8084)
  })
})
