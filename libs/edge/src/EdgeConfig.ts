import { NodeId } from "@roost/cluster"
import { parseKey } from "@roost/contracts"
import { Config, Option, Redacted, Schema } from "effect"
import { defaultEdgeLimits } from "./EdgeLimits.ts"

/** How an edge is run (docs/architecture.md §7). */
export interface EdgeConfig {
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  /** 32 bytes: cookies and session ids. */
  readonly routingKey: Uint8Array
  /** Its cookies and session ids are taken too. */
  readonly previousRoutingKey: Uint8Array | undefined
  readonly edgeId: string
  /** `EdgeLimits.routesMax`. */
  readonly routesMax: number
}

const expected = "expected 64 hexadecimal digits"
const HexKey = Schema.String.annotate({ message: expected }).check(
  Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: expected })
)

export const EdgeConfig: Config.Config<EdgeConfig> = Config.all({
  host: Config.NonEmptyString("ROOST_UDP_HOST").pipe(Config.withDefault("0.0.0.0")),
  port: Config.Port("ROOST_UDP_PORT").pipe(Config.withDefault(5684)),
  reusePort: Config.Boolean("ROOST_UDP_REUSE_PORT").pipe(Config.withDefault(false)),
  routingKey: Config.schema(Schema.Redacted(HexKey), "ROOST_ROUTING_KEY").pipe(
    Config.map((key) => parseKey(Redacted.value(key))!)
  ),
  previousRoutingKey: Config.schema(Schema.Redacted(HexKey), "ROOST_ROUTING_KEY_PREVIOUS").pipe(
    Config.option,
    Config.map((key) => (Option.isSome(key) ? parseKey(Redacted.value(key.value)) : undefined))
  ),
  edgeId: NodeId,
  routesMax: Config.Int("ROOST_EDGE_ROUTES").pipe(Config.withDefault(defaultEdgeLimits.routesMax))
})
