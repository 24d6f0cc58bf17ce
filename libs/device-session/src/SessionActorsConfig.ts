import { NodeId } from "@roost/cluster"
import { ClusterKeys, parseKey, type SealingKeys } from "@roost/contracts"
import { Config, Option, Redacted, Schema } from "effect"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "./DeviceSessionConfig.ts"

/** How a session-actors process is run (docs/architecture.md §7). */
export interface SessionActorsConfig {
  /** Open what the registry sealed, seal sessions. */
  readonly clusterKeys: SealingKeys
  /** 32 bytes: the edges', which is only compared with theirs; undefined where it is not given. */
  readonly routingKey: Uint8Array | undefined
  readonly host: DeviceSessionConfig
}

const hexKey = Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
export const SessionActorsConfig: Config.Config<SessionActorsConfig> = Config.all({
  clusterKeys: ClusterKeys,
  routingKey: Config.schema(Schema.Redacted(hexKey), "ROOST_ROUTING_KEY").pipe(Config.option),
  getSuccess: Config.schema(Schema.Literals(["2.04", "2.05"]), "COAP_GET_SUCCESS").pipe(
    Config.withDefault("2.04" as const)
  ),
  requestsPerSecondMax: Config.Int("ROOST_DEVICE_REQUESTS_PER_SECOND").pipe(
    Config.withDefault(defaultDeviceSessionConfig.requestsPerSecondMax)
  ),
  nodeId: NodeId
}).pipe(
  Config.map(({ clusterKeys, routingKey, getSuccess, nodeId, requestsPerSecondMax }) => ({
    clusterKeys,
    routingKey: Option.isSome(routingKey) ? parseKey(Redacted.value(routingKey.value)) : undefined,
    host: {
      ...defaultDeviceSessionConfig,
      getSuccess,
      requestsPerSecondMax,
      requestsBurstMax: requestsPerSecondMax * 2,
      nodeId
    }
  }))
)
