import { NodeId } from "@roost/cluster"
import { RoutingKeys, type SealingKeys } from "@roost/contracts"
import { Config } from "effect"
import { defaultEdgeLimits } from "./EdgeLimits.ts"

/** How an edge is run (docs/architecture.md §7). */
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

export const EdgeConfig: Config.Config<EdgeConfig> = Config.all({
  host: Config.NonEmptyString("ROOST_UDP_HOST").pipe(Config.withDefault("0.0.0.0")),
  port: Config.Port("ROOST_UDP_PORT").pipe(Config.withDefault(5684)),
  reusePort: Config.Boolean("ROOST_UDP_REUSE_PORT").pipe(Config.withDefault(false)),
  routingKeys: RoutingKeys,
  edgeId: NodeId,
  routesMax: Config.Int("ROOST_EDGE_ROUTES").pipe(Config.withDefault(defaultEdgeLimits.routesMax))
})
