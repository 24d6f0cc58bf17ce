import { NodeId } from "@roost/cluster"
import { parseKey } from "@roost/contracts"
import { Config, Option, Redacted, Schema } from "effect"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "./DeviceSessionConfig.ts"

/** How a session-actors process is run (docs/architecture.md §7). */
export interface SessionActorsConfig {
  /** 32 bytes: opens what the registry sealed. */
  readonly clusterKey: Uint8Array
  /** 32 bytes: the edges', which is only compared with theirs; undefined where it is not given. */
  readonly routingKey: Uint8Array | undefined
  readonly host: DeviceSessionConfig
}

const hexKey = Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
export const SessionActorsConfig: Config.Config<SessionActorsConfig> = Config.all({
  clusterKey: Config.schema(Schema.Redacted(hexKey), "ROOST_CLUSTER_KEY"),
  routingKey: Config.schema(Schema.Redacted(hexKey), "ROOST_ROUTING_KEY").pipe(Config.option),
  getSuccess: Config.schema(Schema.Literals(["2.04", "2.05"]), "COAP_GET_SUCCESS").pipe(
    Config.withDefault("2.04" as const)
  ),
  requestsPerSecondMax: Config.Int("ROOST_DEVICE_REQUESTS_PER_SECOND").pipe(
    Config.withDefault(defaultDeviceSessionConfig.requestsPerSecondMax)
  ),
  nodeId: NodeId
}).pipe(
  Config.map(({ clusterKey, routingKey, getSuccess, nodeId, requestsPerSecondMax }) => ({
    clusterKey: parseKey(Redacted.value(clusterKey))!,
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
