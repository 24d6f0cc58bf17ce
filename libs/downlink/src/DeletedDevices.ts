import { CredentialChange, fromJsonText, placeOf, Streams } from "@roost/contracts"
import { type ConsumedMessage, durableConsumer, type NatsConnection } from "@roost/nats"
import { Effect, Layer, Result, Schema } from "effect"
import { CommandStore } from "./CommandStore.ts"
import { pendingCommands } from "./StoredCommands.ts"

/**
 * Ends the commands that wait for a device that was deleted, by itself or with its product. All instances share one durable consumer of
 * the stream CREDENTIAL. Commands for a later device of the same keys stay: versions of credentials are times.
 */
export const layerDeletedDevices: Layer.Layer<never, never, CommandStore | NatsConnection> = Layer.effectDiscard(
  durableConsumer({
    stream: Streams.credential.name,
    durable: "downlink-queue-deleted",
    filterSubject: Streams.credential.subjects[0]!,
    handler: (messages) => Effect.forEach(messages.flatMap(deletionOf), endCommands, { discard: true })
  })
)

const endCommands = Effect.fnUntraced(function* ({ credentialVersion, ...device }: CredentialChange) {
  const store = yield* CommandStore
  // Known here without a question, of most devices.
  if (store.pendingOf(placeOf(device.productKey, device.deviceKey).hash) === 0) return
  for (const { commandId, createdAt } of yield* pendingCommands(store, device)) {
    if (createdAt <= credentialVersion) yield* store.apply(commandId, { _tag: "DeviceDeleted", at: credentialVersion })
  }
})

const deletionOf = ({ data }: ConsumedMessage): ReadonlyArray<CredentialChange> => {
  const change = decodeChange(utf8.decode(data))
  return Result.isSuccess(change) && change.success.change === "deleted" ? [change.success] : []
}

const decodeChange = Schema.decodeUnknownResult(fromJsonText(CredentialChange))
const utf8 = new TextDecoder()
