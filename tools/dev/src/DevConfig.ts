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
  }
}

const port = (name: string, otherwise: number) => Config.Port(name).pipe(Config.withDefault(otherwise))

export const DevConfig: Config.Config<DevConfig> = Config.all({
  natsUrl: Config.NonEmptyString("NATS_URL").pipe(Config.withDefault(undefined)),
  natsPort: port("ROOST_NATS_PORT", 4222),
  dataDirectory: Config.NonEmptyString("ROOST_DATA_DIR").pipe(
    Config.withDefault(".roost"),
    Config.map((path) => resolve(path))
  ),
  udpHost: Config.NonEmptyString("ROOST_UDP_HOST").pipe(Config.withDefault("0.0.0.0")),
  udpPort: port("ROOST_UDP_PORT", 5684),
  httpHost: Config.NonEmptyString("ROOST_HTTP_HOST").pipe(Config.withDefault("127.0.0.1")),
  ports: Config.all({
    registry: port("ROOST_REGISTRY_PORT", 8080),
    downlink: port("ROOST_DOWNLINK_PORT", 8081),
    edge: port("ROOST_EDGE_PORT", 8082),
    actors: port("ROOST_ACTORS_PORT", 8083)
  })
})

/** Which variable moves each port, for the line that says one is taken. */
export const portVariable = {
  nats: "ROOST_NATS_PORT",
  udp: "ROOST_UDP_PORT",
  registry: "ROOST_REGISTRY_PORT",
  downlink: "ROOST_DOWNLINK_PORT",
  edge: "ROOST_EDGE_PORT",
  actors: "ROOST_ACTORS_PORT"
} as const
