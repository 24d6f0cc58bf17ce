import {
  type Command,
  commandIdOfKey,
  CommandNotCancellable,
  type CommandState,
  NoSuchCommand,
  placeOf
} from "@roost/contracts"
import { NatsError } from "@roost/nats"
import { Clock, Context, Effect, Option } from "effect"
import type { CommandStore } from "./CommandStore.ts"
import type { DeviceName } from "./DeviceStanding.ts"

/** Commands that one page of `list` reads at most, whatever `state` it looks for. */
const pageReadsMax = 500

type Store = Context.Service.Shape<typeof CommandStore>

export interface Page {
  readonly commands: ReadonlyArray<Command>
  readonly nextCursor?: string
}

/** The command of this id, until 7 days after its end. */
export const findCommand = (store: Store, commandId: string) =>
  store
    .get(commandId)
    .pipe(Effect.flatMap((found) => (Option.isSome(found) ? Effect.succeed(found.value) : notFound(commandId))))

/** Ends a command that its device has not fetched. */
export const cancelCommand = Effect.fnUntraced(function* (store: Store, commandId: string) {
  const applied = yield* store.apply(commandId, { _tag: "Cancelled", at: yield* Clock.currentTimeMillis })
  switch (applied._tag) {
    case "Changed":
      return applied.command
    case "Unchanged":
      return yield* new CommandNotCancellable({
        state: applied.command.state,
        detail: `The command is ${applied.command.state}.`
      })
    case "Unknown":
      return yield* notFound(commandId)
  }
})

/** A command that is sent or ends meanwhile stays as it is, so that this is safe to repeat. */
export const cancelCommands = Effect.fnUntraced(function* (store: Store, device: DeviceName) {
  const cancelled: Array<Command> = []
  for (const { commandId } of yield* pendingCommands(store, device)) {
    const applied = yield* store.apply(commandId, { _tag: "Cancelled", at: yield* Clock.currentTimeMillis })
    if (applied._tag === "Changed") cancelled.push(applied.command)
  }
  return cancelled
})

/** The device's commands that have not ended, oldest first. */
export const pendingCommands = Effect.fnUntraced(function* (store: Store, device: DeviceName) {
  const { pending } = yield* store.keysOf(placeOf(device.productKey, device.deviceKey))
  const commands: Array<Command> = []
  for (const key of pending.toSorted()) {
    const found = Option.getOrUndefined(yield* store.getByKey(key))
    // Another device may have the same hash.
    if (found?.productKey === device.productKey && found.deviceKey === device.deviceKey) commands.push(found)
  }
  return commands
})

/** Newest first. Those of this device, not of one that was deleted and had its key: what was made before `since` is left out. */
export const listCommands = Effect.fnUntraced(function* (
  store: Store,
  device: DeviceName,
  since: number,
  query: { readonly state?: CommandState; readonly cursor?: string; readonly limit: number }
): Effect.fn.Return<Page, NatsError> {
  const { pending, ended } = yield* store.keysOf(placeOf(device.productKey, device.deviceKey))
  // Keys of one device sort as their ids do, and ids by time. One that is being moved is in both buckets.
  const keys = [...new Set([...pending, ...ended])].toSorted().toReversed()
  const cursor = query.cursor
  const rest = cursor === undefined ? keys : keys.filter((key) => commandIdOfKey(key) < cursor)
  const commands: Array<Command> = []
  let reads = 0
  for (const key of rest) {
    if (commands.length === query.limit || reads === pageReadsMax) break
    reads++
    const found = Option.getOrUndefined(yield* store.getByKey(key))
    // Another device may have the same hash.
    if (found?.productKey !== device.productKey || found.deviceKey !== device.deviceKey) continue
    // Ids sort by time.
    if (found.createdAt < since) return { commands }
    if (query.state === undefined || found.state === query.state) commands.push(found)
  }
  return reads < rest.length ? { commands, nextCursor: commandIdOfKey(rest[reads - 1]!) } : { commands }
})

const notFound = (commandId: string) =>
  Effect.fail(new NoSuchCommand({ detail: `No command ${commandId}, or it ended more than 7 days ago.` }))
