import { JetStreamApiError, StorageType, type StreamInfo } from "@nats-io/jetstream"
import { nuid } from "@nats-io/transport-node"
import { Effect } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { FileStoreBytes, Replicas } from "./StreamSettings.ts"

/** Bytes for all streams where nobody said how many there are, if the server has as many. */
export const fileStoreBytesAssumed = 4 * 1024 ** 3

/**
 * Bytes that all streams may take on each server: what `ROOST_NATS_FILE_STORE` says, else the limit of the account. Without one
 * it is at most `fileStoreBytesAssumed` and half of what the server would still reserve. The server tells no client its limit.
 * Known is what the first two say: the sizes of streams follow it when it changes. Without `asks` the server is not asked.
 */
export const fileStoreBytes = Effect.fnUntraced(function* (found: ReadonlyArray<StreamInfo>, asks: boolean) {
  const configured = yield* Effect.orDie(FileStoreBytes)
  if (configured !== undefined) return { bytes: configured, isKnown: true }
  const { manager } = yield* NatsConnection
  const { limits } = yield* fromClient("limits of the account", () => manager.getAccountInfo())
  // Of an account every copy counts.
  if (limits.max_storage > 0) {
    return { bytes: Math.floor(limits.max_storage / (yield* Effect.orDie(Replicas))), isKnown: true }
  }
  if (!asks) return { bytes: fileStoreBytesAssumed, isKnown: false }
  const reserved = found.reduce((sum, { config }) => sum + Math.max(0, config.max_bytes), 0)
  for (let bytes = fileStoreBytesAssumed; bytes > smallest; bytes = Math.floor(bytes / 2)) {
    if (yield* reserves(2 * bytes)) return { bytes: bytes + reserved, isKnown: false }
  }
  return { bytes: smallest + reserved, isKnown: false }
})

const smallest = 16 * 1024 ** 2

/** Whether the server would keep so many bytes free for a stream. */
const reserves = Effect.fnUntraced(function* (bytes: number) {
  const { manager } = yield* NatsConnection
  const name = `ROOST_PROBE_${nuid.next()}`
  return yield* fromClient(`a stream of ${bytes} bytes`, async () => {
    try {
      await manager.streams.add({
        name,
        subjects: [`roost.probe.${name}`],
        storage: StorageType.File,
        max_bytes: bytes
      })
    } catch (error) {
      if (error instanceof JetStreamApiError && isInsufficient(error)) return false
      throw error
    }
    await manager.streams.delete(name)
    return true
  })
})

/** `insufficient storage resources available`, or of a cluster `no suitable peers for placement, insufficient storage`. */
const isInsufficient = ({ code, message }: JetStreamApiError): boolean =>
  code === insufficientStorage || (code === noSuitablePeers && message.includes("insufficient storage"))
const insufficientStorage = 10047
const noSuitablePeers = 10005
