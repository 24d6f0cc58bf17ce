import { NodeId } from "@roost/cluster"
import { RoutingKeys, type SealingKeys, Setting } from "@roost/contracts"
import { Config, Effect } from "effect"
import { defaultEdgeLimits } from "./EdgeLimits.ts"
import { openUdpSocket } from "./UdpSocket.ts"

/** How an edge is run (docs/variables.md). */
export interface EdgeConfig {
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  /** Cookies and session ids are made under the current one; those of the previous one are taken too. */
  readonly routingKeys: SealingKeys
  readonly edgeId: string
  /** `EdgeLimits.routesMax`. */
  readonly routesMax: number
}

export const EdgeConfig: Setting<EdgeConfig> = Setting.all({
  host: Setting.withDefault("ROOST_UDP_HOST", "address that devices come to", Config.NonEmptyString, "0.0.0.0"),
  port: Setting.withDefault("ROOST_UDP_PORT", "UDP port that devices come to", Setting.port, 5684),
  reusePort: Setting.withDefault(
    "ROOST_UDP_REUSE_PORT",
    "several edges on one port (SO_REUSEPORT)",
    Config.Boolean,
    false
  ),
  routingKeys: RoutingKeys,
  edgeId: NodeId,
  routesMax: Setting.withDefault(
    "ROOST_EDGE_ROUTES",
    "addresses and connection ids whose owner an edge remembers",
    Setting.wholeNumber(1_000, 100_000_000),
    defaultEdgeLimits.routesMax
  )
})

/** Whether the socket can be had, to be told at the start with everything else that is wrong. */
export const udpPortIsFree: Effect.Effect<void, Config.ConfigError> = Effect.flatMap(EdgeConfig, (config) =>
  Effect.scoped(
    openUdpSocket({ ...config, batches: false, onDatagram: ignore, onUnanswerable: ignore, onError: ignore })
  )
)

const ignore = () => {}
