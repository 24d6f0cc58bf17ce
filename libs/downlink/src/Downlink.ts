import {
  type Command,
  CommandIds,
  commandIdOfKey,
  CommandNotCancellable,
  CommandNotOfModel,
  commandPayloadBytesMax,
  type CommandState,
  CurrentIdempotentRequest,
  DeviceDisabled,
  DeviceNotActivated,
  DeviceOffline,
  deviceRpc,
  type DevicePlace,
  type IdempotentRequest,
  maxDeliveriesDefault,
  NoSuchCommand,
  NoSuchDevice,
  numericCommandId,
  paramsOf,
  NotEncodable,
  pendingCommandsPerDeviceMax,
  placeOf,
  RegistryRpcs,
  repeatableCommandId,
  TemporarilyUnavailable,
  TooManyPending,
  notOfModel
} from "@roost/contracts"
import { CommandCode, Topics } from "@roost/enos"
import { mayHaveHappenedDetail } from "@roost/http"
import { NatsConnection, NatsError, requestRpc } from "@roost/nats"
import { metrics } from "@roost/observability"
import { type Conversion, ScriptPool } from "@roost/raw-script"
import { Clock, Context, Effect, Layer, Option } from "effect"
import { checkCommand } from "./CommandCheck.ts"
import { type CommandDraft, encodeCommand } from "./CommandDraft.ts"
import { CommandStore } from "./CommandStore.ts"
import { type ModelVersion, ThingModels } from "./ThingModels.ts"

/** The registry answers from memory or SQLite, late only where it has little CPU: an application would rather wait than get a 503. */
const registryTimeoutMillis = 5_000
/** A device's actor answers from memory; without it the registry's word is taken. */
const actorTimeoutMillis = 1_000

/** From here on a new command is counted in the bucket itself, not in the mirror, which may lag another instance. */
const countExactlyFrom = pendingCommandsPerDeviceMax / 2

/** An id that another instance made in the same millisecond; the next one is another. */
const idAttemptsMax = 5

/** Commands that one page of `list` reads at most, whatever `state` it looks for. */
const pageReadsMax = 500

export interface DeviceName {
  readonly productKey: string
  readonly deviceKey: string
}

/** Seconds. `pendingTtl` 0: instant. */
export interface Waiting {
  readonly pendingTtl: number
  readonly timeout: number
}

export interface IssueOptions extends Waiting {
  /** Issues the command even if the thing model of the device's product does not allow it. */
  readonly unchecked?: boolean
}

export interface Page {
  readonly commands: ReadonlyArray<Command>
  readonly nextCursor?: string
}

type Refusal =
  | NoSuchDevice
  | DeviceNotActivated
  | DeviceDisabled
  | DeviceOffline
  | TooManyPending
  | CommandNotOfModel
  | NotEncodable

/** Applications' operations on commands. Errors are the problems of the HTTP API. */
export class Downlink extends Context.Service<
  Downlink,
  {
    /** Stored before this succeeds. */
    readonly issue: (
      device: DeviceName,
      draft: CommandDraft,
      options: IssueOptions
    ) => Effect.Effect<Command, Refusal | TemporarilyUnavailable>
    readonly get: (commandId: string) => Effect.Effect<Command, NoSuchCommand | TemporarilyUnavailable>
    readonly cancel: (
      commandId: string
    ) => Effect.Effect<Command, NoSuchCommand | CommandNotCancellable | TemporarilyUnavailable>
    /** Cancels whatever of the device was not sent yet, oldest first; says which. */
    readonly cancelAll: (device: DeviceName) => Effect.Effect<ReadonlyArray<Command>, TemporarilyUnavailable>
    /** Newest first; `cursor` is the `nextCursor` of the page before. */
    readonly list: (
      device: DeviceName,
      query: { readonly state?: CommandState; readonly cursor?: string; readonly limit: number }
    ) => Effect.Effect<Page, TemporarilyUnavailable>
  }
>()("@roost/downlink/Downlink") {
  static readonly layer: Layer.Layer<Downlink, never, CommandStore | ThingModels | NatsConnection> = Layer.effect(
    Downlink,
    Effect.gen(function* () {
      const store = yield* CommandStore
      const connection = yield* NatsConnection
      const scripts = yield* Effect.acquireRelease(
        Effect.sync(() => new ScriptPool()),
        (pool) => Effect.promise(() => pool.close())
      )
      const issuer = { store, scripts, models: yield* ThingModels, ids: new CommandIds(Math.random) }
      return Downlink.of({
        issue: (device, draft, options) =>
          issue(issuer, device, draft, options).pipe(Effect.provideService(NatsConnection, connection), unavailable),
        get: (commandId) =>
          store.get(commandId).pipe(
            Effect.flatMap((found) => (Option.isSome(found) ? Effect.succeed(found.value) : notFound(commandId))),
            unavailable
          ),
        cancel: (commandId) => cancel(store, commandId).pipe(unavailable),
        cancelAll: (device) => cancelAll(store, device).pipe(unavailable),
        list: (device, query) =>
          Effect.flatMap(registeredAt(device), (since) => list(store, device, since, query)).pipe(
            Effect.provideService(NatsConnection, connection),
            unavailable
          )
      })
    })
  )
}

interface Issuer {
  readonly store: Context.Service.Shape<typeof CommandStore>
  readonly ids: CommandIds
  readonly scripts: ScriptPool
  readonly models: Context.Service.Shape<typeof ThingModels>
}

const issue = Effect.fnUntraced(function* (
  issuer: Issuer,
  device: DeviceName,
  draft: CommandDraft,
  { unchecked = false, ...waiting }: IssueOptions
) {
  const known = yield* askRegistry(device)
  if (known.dataFormat === "Custom" && draft.kind !== "raw" && known.script === undefined) {
    return yield* new NotEncodable({
      code: CommandCode.cannotEncode,
      detail: "The device's product takes raw bytes, and has no script published that makes them of this command."
    })
  }
  const script = draft.kind === "raw" || known.script === undefined ? undefined : known.script
  const place = placeOf(device.productKey, device.deviceKey)
  const make = Effect.fnUntraced(function* (commandId: string) {
    const made = yield* makeCommand(commandId, device, draft, waiting, yield* Clock.currentTimeMillis)
    return script === undefined ? made : yield* convertCommand(issuer, made, draft, script)
  })
  const request = yield* CurrentIdempotentRequest
  const id = request === undefined ? undefined : yield* idOfRequest(issuer, place, request, device, draft)
  if (id?.taken !== undefined) return yield* againOf(id.taken)
  if (known.model !== undefined && !unchecked) yield* requireOfModel(issuer, known.model, draft)
  if ((issuer.store.pendingOf(place.hash) ?? 0) >= pendingCommandsPerDeviceMax) return yield* tooMany
  const nextId = Effect.map(Clock.currentTimeMillis, (now) => issuer.ids.next(place.hash, now))
  if (waiting.pendingTtl === 0 && !(yield* isOnline(device, known.status === "online"))) {
    return yield* failOffline(issuer, yield* make(id?.commandId ?? (yield* nextId)))
  }
  const command =
    id === undefined
      ? yield* Effect.flatMap(nextId, make).pipe(
          Effect.tap((command) => issuer.store.create(command)),
          Effect.retry({ times: idAttemptsMax, while: isConflict })
        )
      : yield* createOnce(issuer, yield* make(id.commandId))
  const mirrored = issuer.store.pendingOf(place.hash)
  if (mirrored === undefined || mirrored >= countExactlyFrom) yield* withdrawIfTooMany(issuer, command, place)
  return command
})

const requireOfModel = Effect.fnUntraced(function* ({ models }: Issuer, wanted: ModelVersion, draft: CommandDraft) {
  const known = yield* models.at(wanted)
  if (known === undefined) return notTold.inc()
  const refusal = checkCommand(known.compiled, draft)
  if (refusal === undefined) return undefined
  return yield* new CommandNotOfModel(notOfModel(known.modelId, known.version, refusal))
})

const notTold = metrics.counter(
  "roost_commands_model_unknown_total",
  "Commands that were not checked, since the registry had not told the thing model of their product."
)

const isConflict = (error: { readonly _tag: string }): boolean =>
  error instanceof NatsError && error.reason === "Conflict"

/** The id that each run of a request gives its command, and that command where an earlier run made it. */
const idOfRequest = Effect.fnUntraced(function* (
  { store }: Issuer,
  { hash }: DevicePlace,
  { at, seed }: IdempotentRequest,
  { deviceKey, productKey }: DeviceName,
  draft: CommandDraft
) {
  for (let attempt = 0; ; attempt++) {
    const commandId = repeatableCommandId(hash, at, seed, attempt)
    const taken = Option.getOrUndefined(yield* store.get(commandId))
    if (taken === undefined) return { commandId }
    const { identifier, kind } = encodeCommand(commandId, productKey, deviceKey, draft)
    const same = taken.productKey === productKey && taken.deviceKey === deviceKey && taken.identifier === identifier
    if (same && taken.kind === kind) return { commandId, taken }
  }
})

/** Where another run of the same request, at once, was faster, its command is this one's too. */
const createOnce = ({ store }: Issuer, command: Command) =>
  store.create(command).pipe(
    Effect.as(command),
    Effect.catchIf(isConflict, () =>
      Effect.map(
        store.get(command.commandId),
        Option.getOrElse(() => command)
      )
    )
  )

const againOf = (command: Command) =>
  command.state === "failed" && command.code === CommandCode.deviceOffline && command.deliveries === 0
    ? Effect.fail(new DeviceOffline({ code: CommandCode.deviceOffline, commandId: command.commandId }))
    : Effect.succeed(command)

/** The bytes that a raw product's script makes of a command, as it is issued (design: who asks hears what is wrong with it). */
const convertCommand = Effect.fnUntraced(function* (
  { scripts }: Issuer,
  command: Command,
  draft: CommandDraft,
  published: { readonly version: number; readonly source: string }
) {
  const { deviceKey, productKey } = command
  const { payload } = encodeCommand(String(numericCommandId(command.commandId)), productKey, deviceKey, draft)
  const conversion = yield* Effect.callback<Conversion>((resume) =>
    scripts.convert({ productKey, ...published }, "down", payload, (done) => resume(Effect.succeed(done)))
  )
  if (conversion._tag === "Converted" && conversion.bytes.length <= commandPayloadBytesMax) {
    const params = paramsOf(command)
    return { ...command, topic: Topics.downRaw(productKey, deviceKey), payload: conversion.bytes, params }
  }
  const why =
    conversion._tag === "Failed"
      ? `${conversion.reason}, ${conversion.message}`
      : `it gave more than ${commandPayloadBytesMax} bytes`
  return yield* new NotEncodable({
    code: CommandCode.cannotEncode,
    detail: `The product's script, version ${published.version}, can't encode the command: ${why}.`
  })
})

const failOffline = Effect.fnUntraced(function* ({ store }: Issuer, command: Command) {
  yield* store.record({ ...command, state: "failed", finishedAt: command.createdAt, code: CommandCode.deviceOffline })
  return yield* new DeviceOffline({ code: CommandCode.deviceOffline, commandId: command.commandId })
})

/**
 * Two instances that each take the last free place both look at the bucket afterwards. Then one too few may stay, never
 * one too many.
 */
const withdrawIfTooMany = Effect.fnUntraced(function* ({ store }: Issuer, command: Command, place: DevicePlace) {
  const { pending } = yield* store.keysOf(place)
  if (pending.length <= pendingCommandsPerDeviceMax) return
  yield* store.withdraw(command.commandId)
  return yield* tooMany
})

const askRegistry = Effect.fnUntraced(function* (device: DeviceName) {
  const reply = yield* requestRpc(RegistryRpcs.device, device, registryTimeoutMillis)
  if (reply._tag === "Unknown") {
    return yield* new NoSuchDevice({ detail: `${device.productKey} has no device ${device.deviceKey}.` })
  }
  if (reply.status === "disabled") return yield* new DeviceDisabled()
  if (reply.activated) return reply
  // The registry hears of a device's first handshake a moment after its actor.
  const answer = yield* askActor(device).pipe(Effect.orElseSucceed(() => ({ _tag: "Unknown" }) as const))
  if (answer._tag === "Known" && answer.secureMode === 2) return reply
  return yield* new DeviceNotActivated({ code: CommandCode.deviceNotActivated })
})

const askActor = (device: DeviceName) => {
  const { partition } = placeOf(device.productKey, device.deviceKey)
  return requestRpc(deviceRpc(partition), { ...device, ask: "status" }, actorTimeoutMillis)
}

/** The device's actor knows best; where none answers, what the registry heard last. */
const isOnline = (device: DeviceName, registered: boolean) =>
  askActor(device).pipe(
    Effect.map((answer) => answer._tag === "Known" && answer.online),
    Effect.orElseSucceed(() => registered)
  )

const makeCommand = Effect.fnUntraced(function* (
  commandId: string,
  { productKey, deviceKey }: DeviceName,
  draft: CommandDraft,
  { pendingTtl, timeout }: Waiting,
  now: number
): Effect.fn.Return<Command, NotEncodable> {
  const encoded = encodeCommand(commandId, productKey, deviceKey, draft)
  if (encoded.payload.length > commandPayloadBytesMax) {
    return yield* new NotEncodable({
      code: CommandCode.cannotEncode,
      detail: `The command has ${encoded.payload.length} bytes; a device gets at most ${commandPayloadBytesMax}.`
    })
  }
  const instant = pendingTtl === 0
  return {
    ...encoded,
    commandId,
    productKey,
    deviceKey,
    state: "created",
    createdAt: now,
    expiresAt: now + (instant ? timeout : pendingTtl) * 1000,
    instant,
    timeoutSeconds: timeout,
    deliveries: 0,
    maxDeliveries: maxDeliveriesDefault
  }
})

const cancel = Effect.fnUntraced(function* (store: Issuer["store"], commandId: string) {
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
const cancelAll = Effect.fnUntraced(function* (store: Issuer["store"], device: DeviceName) {
  const cancelled: Array<Command> = []
  for (const { commandId } of yield* pendingCommands(store, device)) {
    const applied = yield* store.apply(commandId, { _tag: "Cancelled", at: yield* Clock.currentTimeMillis })
    if (applied._tag === "Changed") cancelled.push(applied.command)
  }
  return cancelled
})

/** The device's commands that have not ended, oldest first. */
export const pendingCommands = Effect.fnUntraced(function* (store: Issuer["store"], device: DeviceName) {
  const { pending } = yield* store.keysOf(placeOf(device.productKey, device.deviceKey))
  const commands: Array<Command> = []
  for (const key of pending.toSorted()) {
    const found = Option.getOrUndefined(yield* store.getByKey(key))
    // Another device may have the same hash.
    if (found?.productKey === device.productKey && found.deviceKey === device.deviceKey) commands.push(found)
  }
  return commands
})

/** 0 where it is not known: what became of the commands of a device that was deleted can still be looked up. */
const registeredAt = (device: DeviceName) =>
  requestRpc(RegistryRpcs.device, device, registryTimeoutMillis).pipe(
    Effect.map((reply) => (reply._tag === "Found" ? (reply.createdAt ?? 0) : 0)),
    Effect.orElseSucceed(() => 0)
  )

/** Those of this device, not of one that was deleted and had its key: what was made before `since` is left out. */
const list = Effect.fnUntraced(function* (
  store: Issuer["store"],
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

const tooMany = Effect.suspend(() =>
  Effect.fail(new TooManyPending({ code: CommandCode.cacheFull, pendingMax: pendingCommandsPerDeviceMax }))
)

/** A failure of NATS, told without its inner names. */
const unavailable = <A, E, R>(
  effect: Effect.Effect<A, E | NatsError, R>
): Effect.Effect<A, Exclude<E, NatsError> | TemporarilyUnavailable, R> =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E | NatsError, NatsError> => error instanceof NatsError,
    (error) =>
      Effect.logWarning(error.message).pipe(
        Effect.andThen(
          Effect.fail(
            new TemporarilyUnavailable({
              detail: error.operation.startsWith("request ")
                ? "The registry does not answer."
                : error.reason === "Timeout"
                  ? mayHaveHappenedDetail
                  : "The store does not answer. Nothing was changed."
            })
          )
        )
      )
  ) as Effect.Effect<A, Exclude<E, NatsError> | TemporarilyUnavailable, R>
