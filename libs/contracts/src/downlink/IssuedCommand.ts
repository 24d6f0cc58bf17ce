import { readJson } from "@roost/enos"
import { causeOfCommand, linkOf } from "@roost/explain"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AnyJson } from "../JsonText.ts"
import { type Command, CommandKind, CommandState, Firmware, isPending } from "./Command.ts"

const time = (description: string) =>
  Schema.optionalKey(Schema.Finite.annotate({ description: `${description}; milliseconds since 1970.` }))

/** A command as applications see it: what they asked for, as they wrote it, and what became of it. */
export const IssuedCommand = Schema.Struct({
  commandId: Schema.String.annotate({ description: "Also the `id` on the air." }),
  productKey: Schema.String,
  deviceKey: Schema.String,
  kind: CommandKind,
  identifier: Schema.String.annotate({
    description: "Measurement point, service or firmware version that it names; empty where there is none or several."
  }),
  value: Schema.optionalKey(AnyJson).annotate({ description: "Of `measurepointSet`, as it was written." }),
  ids: Schema.optionalKey(Schema.Array(Schema.String)).annotate({ description: "Of `measurepointGet`." }),
  inputData: Schema.optionalKey(AnyJson).annotate({ description: "Of `service`, as it was written." }),
  firmware: Schema.optionalKey(Firmware).annotate({ description: "Of `otaUpgrade`." }),
  payload: Schema.optionalKey(Schema.String).annotate({
    description:
      "The bytes that the device gets, in base64: of `raw`, and of what a product's script made of another command."
  }),
  topic: Schema.String.annotate({ description: "EnOS topic, which the device gets behind `/topic`." }),
  pendingTtl: Schema.Int.annotate({ description: "Seconds that it may wait for its device; 0: instant." }),
  timeout: Schema.Int.annotate({ description: "Seconds that the device may take to reply to one delivery." }),
  instant: Schema.Boolean.annotate({
    description: "`pendingTtl` was 0: it is held for `timeout` only, for a device that was online."
  }),
  state: CommandState,
  deliveries: Schema.Int.annotate({ description: "How often the device fetched it." }),
  maxDeliveries: Schema.Int.annotate({
    description: "It is offered again until it was fetched so often without a reply; then it is `timedOut`."
  }),
  createdAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  expiresAt: Schema.Finite.annotate({
    description: "A command that is still `created` then ends: `expired`, or `failed` if it is instant."
  }),
  hintedAt: time("Option 2100 announced it to its device first"),
  fetchedAt: time("The device fetched it first"),
  sentAt: time("The device fetched it last"),
  repliedAt: time("The device replied"),
  finishedAt: time("It ended"),
  overtakenBy: Schema.optionalKey(Schema.String).annotate({
    description: "A newer command that changes the same and was answered first; this one is not offered again."
  }),
  code: Schema.optionalKey(Schema.Int).annotate({
    description: "The device's own code, 200 or 0 for success; or EnOS's where the command did not get that far."
  }),
  message: Schema.optionalKey(Schema.String).annotate({ description: "The device's own, or why it ended." }),
  data: Schema.optionalKey(AnyJson).annotate({ description: "The device's reply, as it was written." }),
  refusal: Schema.optionalKey(
    Schema.String.annotate({
      description: "Why it ended without success, such as `command-expired`; docs/refusals.md has all of them."
    })
  ),
  link: Schema.optionalKey(
    Schema.String.annotate({ description: "Where cause and cure stand, on the registry's address." })
  )
}).annotate({
  identifier: "IssuedCommand",
  examples: [
    {
      commandId: "k3v9m2ac01j8z5t0q7x4",
      productKey: "meters",
      deviceKey: "meter-1",
      kind: "measurepointSet",
      identifier: "limit",
      value: 30.5,
      topic: "/sys/meters/meter-1/thing/service/measurepoint/set",
      pendingTtl: 3600,
      timeout: 30,
      instant: false,
      state: "succeeded",
      deliveries: 1,
      maxDeliveries: 3,
      createdAt: 1_795_476_031_270,
      expiresAt: 1_795_479_631_270,
      hintedAt: 1_795_476_040_100,
      fetchedAt: 1_795_476_040_310,
      sentAt: 1_795_476_040_310,
      repliedAt: 1_795_476_040_620,
      finishedAt: 1_795_476_040_620,
      code: 200,
      data: {}
    }
  ]
})
export type IssuedCommand = typeof IssuedCommand.Type

/** Applications see this of an entry of the buckets. */
export const issuedCommand = (command: Command): IssuedCommand => {
  const { payload, params: _params, timeoutSeconds, trace: _trace, ...told } = command
  return {
    ...told,
    ...requestOf(command),
    ...(isRaw(command) && { payload: Buffer.from(payload).toString("base64") }),
    pendingTtl: command.instant ? 0 : Math.round((command.expiresAt - command.createdAt) / 1000),
    timeout: timeoutSeconds,
    ...refusalOf(command)
  }
}

/** The entry of the catalogue that says why it ended as it did; one that succeeded, or that still may, has none. */
const refusalOf = (command: Command): Pick<IssuedCommand, "refusal" | "link"> => {
  const refusal = isPending(command.state) ? undefined : causeOfCommand(command, undefined)
  return refusal === undefined ? {} : { refusal, link: linkOf(refusal) }
}

/** `params` of a command as they were asked for; undefined for raw bytes. */
export const paramsOf = (command: Command): unknown => {
  if (command.params !== undefined || isRaw(command)) return command.params
  const read = readJson(command.payload, Number.MAX_SAFE_INTEGER)
  return Result.isSuccess(read) ? (read.success as { readonly params?: unknown }).params : undefined
}

/** Its payload is bytes of the device's own. */
const isRaw = ({ kind, topic }: Command): boolean => kind === "raw" || topic.endsWith("/thing/model/down_raw")

const requestOf = (command: Command): Pick<IssuedCommand, "value" | "ids" | "inputData" | "firmware"> => {
  const params = paramsOf(command)
  if (params === undefined) return {}
  switch (command.kind) {
    case "measurepointSet":
      return { value: (params as Readonly<Record<string, unknown>>)[command.identifier] }
    case "measurepointGet":
      return { ids: params as ReadonlyArray<string> }
    case "service":
      return { inputData: params }
    case "otaUpgrade":
      return { firmware: params as Firmware }
    case "raw":
      return {}
  }
}
