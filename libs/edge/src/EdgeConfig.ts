import { base32Number, parseKey } from "@roost/contracts"
import { Config, Option, Redacted, Schema } from "effect"

/** How an edge is run (docs/architecture.md §7). */
export interface EdgeConfig {
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  /** 32 bytes: cookies and session ids. */
  readonly routingKey: Uint8Array
  readonly edgeId: string
}

export const EdgeConfig: Config.Config<EdgeConfig> = Config.all({
  host: Config.NonEmptyString("ROOST_UDP_HOST").pipe(Config.withDefault("0.0.0.0")),
  port: Config.Port("ROOST_UDP_PORT").pipe(Config.withDefault(5684)),
  reusePort: Config.Boolean("ROOST_UDP_REUSE_PORT").pipe(Config.withDefault(false)),
  routingKey: routingKeyConfig(),
  nodeId: Config.option(Config.NonEmptyString("ROOST_NODE_ID"))
}).pipe(
  Config.map(({ nodeId, ...rest }) => ({
    ...rest,
    edgeId: Option.getOrElse(nodeId, () => base32Number(Math.floor(Math.random() * 32 ** 8), 8))
  }))
)

function routingKeyConfig(): Config.Config<Uint8Array> {
  const hex = Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
  return Config.schema(Schema.Redacted(hex), "ROOST_ROUTING_KEY").pipe(
    Config.map((key) => parseKey(Redacted.value(key))!)
  )
}
