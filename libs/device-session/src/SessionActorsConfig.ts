import { NodeId, parsePartitionRanges, type PartitionRanges } from "@roost/cluster"
import { parseKey, partitionCount } from "@roost/contracts"
import { Config, Redacted, Result, Schema } from "effect"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "./DeviceSessionConfig.ts"

/** How a session-actors process is run (docs/architecture.md §7). */
export interface SessionActorsConfig {
  /** 32 bytes: opens what the registry sealed. */
  readonly clusterKey: Uint8Array
  readonly partitions: PartitionRanges
  readonly host: DeviceSessionConfig
}

const hexKey = Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
const ranges = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const parsed = parsePartitionRanges(text)
    return Result.isSuccess(parsed) ? undefined : `expected ranges such as 0-255,300 below ${partitionCount}`
  })
)

export const SessionActorsConfig: Config.Config<SessionActorsConfig> = Config.all({
  clusterKey: Config.schema(Schema.Redacted(hexKey), "ROOST_CLUSTER_KEY"),
  partitions: Config.schema(ranges, "ROOST_ACTORS_PARTITIONS").pipe(Config.withDefault(`0-${partitionCount - 1}`)),
  getSuccess: Config.schema(Schema.Literals(["2.04", "2.05"]), "COAP_GET_SUCCESS").pipe(
    Config.withDefault("2.04" as const)
  ),
  requestsPerSecondMax: Config.Int("ROOST_DEVICE_REQUESTS_PER_SECOND").pipe(
    Config.withDefault(defaultDeviceSessionConfig.requestsPerSecondMax)
  ),
  nodeId: NodeId
}).pipe(
  Config.map(({ clusterKey, getSuccess, nodeId, partitions, requestsPerSecondMax }) => ({
    clusterKey: parseKey(Redacted.value(clusterKey))!,
    partitions: Result.getOrThrow(parsePartitionRanges(partitions)),
    host: {
      ...defaultDeviceSessionConfig,
      getSuccess,
      requestsPerSecondMax,
      requestsBurstMax: requestsPerSecondMax * 2,
      nodeId
    }
  }))
)
