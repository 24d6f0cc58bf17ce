import {
  AnyJson,
  type Command,
  CommandState,
  CurrentIdempotentRequest,
  type DownlinkQuestion,
  isPending,
  MeasurepointIdentifier,
  paramsOf,
  pendingTtlSecondsMax,
  ServiceIdentifier,
  timeoutSecondsDefault,
  timeoutSecondsMax,
  timeoutSecondsMin
} from "@roost/contracts"
import { compareNumerals } from "@roost/enos"
import { Clock, Effect, Schema } from "effect"
import { CommandService } from "./CommandService.ts"
import { type Action, ApiCode, type Call, decode, failed, nameOf, pageOf } from "./EnosAnswer.ts"
import { parseExpression } from "./Expression.ts"
import { deviceNamed, known } from "./Naming.ts"
import { Provisioning } from "./Provisioning.ts"

/** Commands of one device that a search or a cancellation of all reads. */
export const searchedCommandsMax = 1_000
/** Of one message on the bus, which takes 1 MiB: a command has up to 16 KiB, and its answer. */
const commandsPerAnswer = 20
/** How often an instant command is looked at while its caller waits. */
const lookMillis = 200
/** downlink-queue files the expiry of a command that nobody fetched a moment after it is due. */
const expiryLagMillis = 2_000

type Needs = CommandService | Provisioning

const seconds = (minimum: number, maximum: number) =>
  Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum, maximum })))
const Waiting = Schema.toCodecStringTree(
  Schema.Struct({
    pendingTtl: seconds(0, pendingTtlSecondsMax),
    timeout: seconds(timeoutSecondsMin, timeoutSecondsMax)
  })
)

const setMeasurepoint: Action<Needs> = Effect.fnUntraced(function* (call) {
  const { measurepointId } = yield* decode(Schema.Struct({ measurepointId: MeasurepointIdentifier }), call.query)
  const { value } = yield* decode(Schema.Struct({ value: AnyJson }), call.written)
  return yield* issue(call, { kind: "measurepointSet", measurepoint: measurepointId, value })
})

const invokeService: Action<Needs> = Effect.fnUntraced(function* (call) {
  const { serviceId } = yield* decode(Schema.Struct({ serviceId: ServiceIdentifier }), call.query)
  const Input = Schema.Struct({ inputData: Schema.optionalKey(Schema.Record(Schema.String, AnyJson)) })
  const { inputData = {} } = yield* decode(Input, call.written)
  return yield* issue(call, { kind: "service", service: serviceId, inputData })
})

const issue = Effect.fnUntraced(function* (
  call: Call,
  draft: (DownlinkQuestion & { readonly _tag: "Issue" })["draft"]
) {
  const { pendingTtl = 0, timeout = timeoutSecondsDefault } = yield* decode(Waiting, call.query)
  const { ask } = yield* CommandService
  const current = yield* CurrentIdempotentRequest
  const request = current && { ...current, seed: Buffer.from(current.seed).toString("base64") }
  const device = yield* deviceNamed(call)
  const { commands } = yield* ask({ _tag: "Issue", ...device, draft, pendingTtl, timeout, ...(request && { request }) })
  const { commandId } = commands[0]!
  if (pendingTtl > 0) return { data: { commandId } }
  const ended = yield* awaitEnd(commandId, timeout)
  const data = { commandId, outputData: ended.data ?? {} }
  switch (ended.state) {
    case "succeeded":
      return { data }
    case "failed":
      return yield* failed(ended.code ?? ApiCode.internal, ended.message ?? "the device failed to execute it", data)
    case "created":
    case "expired":
      return yield* failed(ApiCode.notSent, "the device did not fetch the command in time", { commandId })
    case "sent":
    case "timedOut":
      return yield* failed(ApiCode.responseTimedOut, "the device fetched the command and did not reply", { commandId })
    case "cancelled":
      return yield* failed(ApiCode.notSent, "the command was cancelled", { commandId }, "command-cancelled")
  }
})

/** An instant command's caller waits until the device replied or `timeout` passed (enos-protocol §8.1). */
const awaitEnd = Effect.fnUntraced(function* (commandId: string, timeoutSeconds: number) {
  const { ask } = yield* CommandService
  const until = (yield* Clock.currentTimeMillis) + timeoutSeconds * 1000
  for (;;) {
    const { commands } = yield* ask({ _tag: "Get", commandId })
    const command = commands[0]!
    const lag = command.state === "created" ? expiryLagMillis : 0
    if (!isPending(command.state) || (yield* Clock.currentTimeMillis) >= until + lag) return command
    yield* Effect.sleep(lookMillis)
  }
})

const Named = Schema.Struct({ commandId: Schema.String })

const get: Action<Needs> = Effect.fnUntraced(function* (call) {
  const { commandId } = yield* decode(Named, call.query)
  const { commands } = yield* (yield* CommandService).ask({ _tag: "Get", commandId })
  return { data: yield* commandOf(call, commands[0]!) }
})

const search: Action<Needs> = Effect.fnUntraced(function* (call) {
  const { expression } = yield* decode(Schema.Struct({ expression: Schema.optionalKey(Schema.String) }), call.body)
  const states = (yield* parseExpression(expression, ["state"])).get("state")
  const commands = yield* listAll(call)
  const { assetId } = yield* known((yield* Provisioning).device(yield* deviceNamed(call)))
  const found = commands.filter(({ state }) => states === undefined || hasNumber(states, numberOf(state)))
  return yield* pageOf(call.body, found, (command) => show(call, command, assetId))
})

const cancel: Action<Needs> = Effect.fnUntraced(function* (call) {
  const { ask } = yield* CommandService
  const { commandId } = yield* decode(Schema.Struct({ commandId: Schema.optionalKey(Schema.String) }), call.query)
  if (commandId !== undefined) {
    yield* ask({ _tag: "Cancel", commandId })
    return { data: null }
  }
  for (const { commandId } of yield* listAll(call, "created")) {
    // One that its device fetches just now stays.
    yield* Effect.catchIf(
      ask({ _tag: "Cancel", commandId }),
      ({ code }) => code === ApiCode.invalidArgument || code === ApiCode.notFound,
      () => Effect.void
    )
  }
  return { data: null }
})

const listAll = Effect.fnUntraced(function* (call: Call, state?: CommandState) {
  const { ask } = yield* CommandService
  const device = yield* deviceNamed(call)
  const filter = state === undefined ? {} : { state }
  const commands: Array<Command> = []
  for (let at: { cursor?: string } = {}; commands.length < searchedCommandsMax;) {
    const page = yield* ask({ _tag: "List", ...device, ...filter, ...at, limit: commandsPerAnswer })
    commands.push(...page.commands)
    if (page.nextCursor === undefined) break
    at = { cursor: page.nextCursor }
  }
  return commands
})

const commandOf = Effect.fnUntraced(function* (call: Call, command: Command) {
  const device = yield* known((yield* Provisioning).device(command))
  return show(call, command, device.assetId)
})

/** EnOS's Command struct. `inputData` and `outputData` are JSON in text. */
const show = ({ query }: Call, command: Command, assetId: string) => ({
  commandId: command.commandId,
  orgId: query["orgId"] ?? "",
  productKey: command.productKey,
  deviceKey: command.deviceKey,
  assetId,
  createTime: command.createdAt,
  createLocaltime: new Date(command.createdAt).toISOString(),
  commandType: command.kind === "measurepointSet" ? 1 : 2,
  commandName: nameOf(command.identifier),
  timeout: command.timeoutSeconds,
  pendingTtl: command.instant ? 0 : Math.round((command.expiresAt - command.createdAt) / 1000),
  state: numberOf(command.state),
  tslIdentifier: command.identifier,
  inputData: inputOf(command),
  outputData: command.data === undefined ? "" : JSON.stringify(command.data),
  message: command.message ?? ""
})

const inputOf = (command: Command): string =>
  command.kind === "raw" ? Buffer.from(command.payload).toString("hex") : JSON.stringify(paramsOf(command) ?? {})

/** By value: `state = 5.0` asks for 5. */
const hasNumber = (written: ReadonlySet<string>, number: number): boolean =>
  written.values().some((numeral) => compareNumerals(numeral, String(number)) === 0)

/** EnOS numbers the states from 1. */
const numberOf = (state: CommandState): number => CommandState.literals.indexOf(state) + 1

export const commandActions = {
  "POST setMeasurepoint": setMeasurepoint,
  "POST invokeService": invokeService,
  "GET get": get,
  "POST search": search,
  "POST cancel": cancel
}
