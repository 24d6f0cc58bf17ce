import { NodeId } from "@roost/cluster"
import { parseKey } from "@roost/contracts"
import { Config, Redacted, Schema } from "effect"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "./DeviceSessionConfig.ts"

/** How a session-actors process is run (docs/architecture.md §7). */
export interface SessionActorsConfig {
  /** 32 bytes: opens what the registry sealed. */
  readonly clusterKey: Uint8Array
  readonly host: DeviceSessionConfig
}

const hexKey = Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
export const SessionActorsConfig: Config.Config<SessionActorsConfig> = Config.all({
  clusterKey: Config.schema(Schema.Redacted(hexKey), "ROOST_CLUSTER_KEY"),
  getSuccess: Config.schema(Schema.Literals(["2.04", "2.05"]), "COAP_GET_SUCCESS").pipe(
    Config.withDefault("2.04" as const)
  ),
  requestsPerSecondMax: Config.Int("ROOST_DEVICE_REQUESTS_PER_SECOND").pipe(
    Config.withDefault(defaultDeviceSessionConfig.requestsPerSecondMax)
  ),
  nodeId: NodeId
}).pipe(
  Config.map(({ clusterKey, getSuccess, nodeId, requestsPerSecondMax }) => ({
    clusterKey: parseKey(Redacted.value(clusterKey))!,
    host: {
      ...defaultDeviceSessionConfig,
      getSuccess,
      requestsPerSecondMax,
      requestsBurstMax: requestsPerSecondMax * 2,
      nodeId
    }
  }))
)
