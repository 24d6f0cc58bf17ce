import {
  type Command,
  CommandIds,
  CommandNotOfModel,
  commandPayloadBytesMax,
  CurrentIdempotentRequest,
  DeviceOffline,
  formatTraceparent,
  type DevicePlace,
  type IdempotentRequest,
  maxDeliveriesDefault,
  numericCommandId,
  paramsOf,
  NotEncodable,
  pendingCommandsPerDeviceMax,
  placeOf,
  repeatableCommandId,
  TooManyPending,
  notOfModel
} from "@roost/contracts"
import { CommandCode, Topics } from "@roost/enos"
import { NatsError } from "@roost/nats"
import { CurrentTrace, metrics, traced } from "@roost/observability"
import { type Conversion, ScriptPool } from "@roost/raw-script"
import { Clock, Context, Effect, Option } from "effect"
import { checkCommand } from "./CommandCheck.ts"
import { type CommandDraft, encodeCommand } from "./CommandDraft.ts"
import type { CommandStore } from "./CommandStore.ts"
import { askRegistry, type DeviceName, isOnline } from "./DeviceStanding.ts"
import type { ModelVersion, ThingModels } from "./ThingModels.ts"

/** From here on a new command is counted in the bucket itself, not in the mirror, which may lag another instance. */
const countExactlyFrom = pendingCommandsPerDeviceMax / 2

/** An id that another instance made in the same millisecond; the next one is another. */
const idAttemptsMax = 5

/** Seconds. `pendingTtl` 0: instant. */
export interface Waiting {
  readonly pendingTtl: number
  readonly timeout: number
}

export interface IssueOptions extends Waiting {
  /** Issues the command even if the thing model of the device's product does not allow it. */
  readonly unchecked?: boolean
}

/** The parts that issuing commands takes. */
export interface Issuer {
  readonly store: Context.Service.Shape<typeof CommandStore>
  readonly ids: CommandIds
  readonly scripts: ScriptPool
  readonly models: Context.Service.Shape<typeof ThingModels>
}

/** Checks a command against registry and thing model, encodes it, and stores it for its device. A repeated request gets its own. */
export const issueCommand = Effect.fnUntraced(function* (
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
          Effect.tap((command) => create(issuer.store, command)),
          Effect.retry({ times: idAttemptsMax, while: isConflict })
        )
      : yield* createOnce(issuer, yield* make(id.commandId))
  const mirrored = issuer.store.pendingOf(place.hash)
  if (mirrored === undefined || mirrored >= countExactlyFrom) yield* withdrawIfTooMany(issuer, command, place)
  return command
})

const create = (store: Issuer["store"], command: Command) =>
  traced(store.create(command), { name: "store the command", kind: "producer", attributes: { bucket: "COMMANDS" } })

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
  create(store, command).pipe(
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

/** The bytes that a raw product's script makes of a command, as it is issued: so the application hears what is wrong with it. */
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
  const trace = yield* CurrentTrace
  return {
    ...(trace !== undefined && { trace: formatTraceparent(trace) }),
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

const tooMany = Effect.suspend(() =>
  Effect.fail(new TooManyPending({ code: CommandCode.cacheFull, pendingMax: pendingCommandsPerDeviceMax }))
)
