import { steadyOf } from "@roost/actors"
import { Buckets, Command, commandIdOfKey, isPending } from "@roost/contracts"
import { type NatsConnection, openBucket } from "@roost/nats"
import { Effect, type Scope } from "effect"
import type { DeviceHost } from "../host/DeviceHost.ts"
import type { PendingCommand } from "../state/PendingCommands.ts"
import { EndedCommands } from "./EndedCommands.ts"

/** Revisions that the live mirror of the bucket COMMANDS has told, so that a snapshot that is older does not undo them. */
export type CommandRevisions = Pick<EndedCommands, "isNewer">

/**
 * Keeps the pending commands of the host's partitions as the bucket has them; those of others the host does not take.
 * `changed` is called when it was told something.
 */
export const mirrorCommands = Effect.fnUntraced(function* (
  host: DeviceHost,
  read: Effect.Effect<void>,
  changed: () => void
): Effect.fn.Return<CommandRevisions, never, NatsConnection | Scope.Scope> {
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const bucket = yield* openBucket(Buckets.commands, Command)
  const ended = new EndedCommands()
  const remove = (commandId: string, revision: number) => {
    host.handleCommandGone(commandId)
    ended.ended(commandId, revision)
    changed()
  }
  yield* bucket.watch(">", {
    onPut: ({ revision, value }) => {
      const { commandId, deviceKey, productKey, state } = value
      if (!isPending(state)) return remove(commandId, revision)
      ended.pending(commandId)
      host.handleCommand(productKey, deviceKey, deliveryOf(value))
      changed()
    },
    onDelete: (key, revision) => remove(commandIdOfKey(key), revision),
    onInitialDone: () => void run(read)
  })
  return ended
})

/** A command as its actor needs it, its times on this process's clock. */
export const deliveryOf = (command: Command): PendingCommand => ({
  id: command.commandId,
  topic: command.topic,
  payload: command.payload,
  createdAt: command.createdAt,
  expiresAt: steadyOf(command.expiresAt),
  timeoutMillis: command.timeoutSeconds * 1000,
  deliveriesMax: command.maxDeliveries,
  deliveries: command.deliveries,
  deliveredAt: command.sentAt === undefined ? 0 : steadyOf(command.sentAt),
  hinted: command.hintedAt !== undefined,
  overtaken: command.overtakenBy !== undefined,
  ...(command.trace !== undefined && { trace: command.trace })
})
