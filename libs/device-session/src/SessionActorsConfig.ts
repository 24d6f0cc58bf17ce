import { NodeId } from "@roost/cluster"
import { ClusterKeys, RoutingKeys, type SealingKeys } from "@roost/contracts"
import { Config, Option, Schema } from "effect"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "./DeviceSessionConfig.ts"

/** How a session-actors process is run (docs/architecture.md §7). */
export interface SessionActorsConfig {
  /** Open what the registry sealed, seal sessions. */
  readonly clusterKeys: SealingKeys
  /** The edges', which are only compared with theirs; undefined where they are not given. */
  readonly routingKeys: SealingKeys | undefined
  readonly host: DeviceSessionConfig
}

export const SessionActorsConfig: Config.Config<SessionActorsConfig> = Config.all({
  clusterKeys: ClusterKeys,
  routingKeys: Config.option(RoutingKeys),
  getSuccess: Config.schema(Schema.Literals(["2.04", "2.05"]), "COAP_GET_SUCCESS").pipe(
    Config.withDefault("2.04" as const)
  ),
  requestsPerSecondMax: Config.Int("ROOST_DEVICE_REQUESTS_PER_SECOND").pipe(
    Config.withDefault(defaultDeviceSessionConfig.requestsPerSecondMax)
  ),
  nodeId: NodeId
}).pipe(
  Config.map(({ clusterKeys, routingKeys, getSuccess, nodeId, requestsPerSecondMax }) => ({
    clusterKeys,
    routingKeys: Option.getOrUndefined(routingKeys),
    host: {
      ...defaultDeviceSessionConfig,
      getSuccess,
      requestsPerSecondMax,
      requestsBurstMax: requestsPerSecondMax * 2,
      nodeId
    }
  }))
)
