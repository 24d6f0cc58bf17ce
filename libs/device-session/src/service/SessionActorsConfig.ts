import { NodeId } from "@roost/cluster"
import { ClusterKeys, ComparedRoutingKeys, type SealingKeys, Setting } from "@roost/contracts"
import { Config } from "effect"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"

/** How a session-actors process is run (docs/variables.md). */
export interface SessionActorsConfig {
  /** Open what the registry sealed, seal sessions. */
  readonly clusterKeys: SealingKeys
  /** The edges', which are only compared with theirs; undefined where they are not given. */
  readonly routingKeys: SealingKeys | undefined
  readonly host: DeviceSessionConfig
}

export const SessionActorsConfig: Setting<SessionActorsConfig> = Setting.map(
  Setting.all({
    clusterKeys: ClusterKeys,
    routingKeys: ComparedRoutingKeys,
    getSuccess: Setting.withDefault(
      "COAP_GET_SUCCESS",
      "code that a GET is answered with: 2.04, or 2.05 for RFC-minded fleets",
      (name) => Config.Literals(["2.04", "2.05"], name),
      "2.04"
    ),
    requestsPerSecondMax: Setting.withDefault(
      "ROOST_DEVICE_REQUESTS_PER_SECOND",
      "requests of one device; more is answered 4.29",
      Setting.wholeNumber(1, 1_000_000),
      defaultDeviceSessionConfig.requestsPerSecondMax
    ),
    nodeId: NodeId
  }),
  ({ clusterKeys, routingKeys, getSuccess, nodeId, requestsPerSecondMax }) => ({
    clusterKeys,
    routingKeys,
    host: {
      ...defaultDeviceSessionConfig,
      getSuccess,
      requestsPerSecondMax,
      requestsBurstMax: requestsPerSecondMax * 2,
      nodeId
    }
  })
)
