import { DeviceKey, ProductKey } from "@roost/enos"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { cursorOf, describe, nextCursor } from "../http/EndpointParts.ts"
import { Flag } from "../http/Flag.ts"
import { TemporarilyUnavailable } from "../http/RequestProblems.ts"
import { strictApi } from "../http/StrictApi.ts"
import { MadeUpId } from "../http/Texts.ts"
import { AnyJson } from "../JsonText.ts"
import {
  CommandState,
  Firmware,
  pendingTtlSecondsMax,
  timeoutSecondsDefault,
  timeoutSecondsMax,
  timeoutSecondsMin
} from "./Command.ts"
import {
  CommandNotCancellable,
  CommandNotOfModel,
  DeviceDisabled,
  DeviceNotActivated,
  DeviceOffline,
  NoSuchCommand,
  NotEncodable,
  TooManyPending
} from "./DownlinkProblems.ts"
import { NoSuchDevice } from "../registry/RegistryProblems.ts"
import { IssuedCommand } from "./IssuedCommand.ts"

/** Names of measurement points: what a thing model may call them (`@roost/enos`), and what Roost took before it had models. */
export const MeasurepointIdentifier = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/u, {
    message: "expected 1–128 of A–Z a–z 0–9 _ . -, the first no dot"
  })
).annotate({ examples: ["temp"] })

/**
 * Names of services: what `@roost/enos` takes as a topic's segment. One that ends in `_reply` would have the topic of another one's
 * replies.
 */
export const ServiceIdentifier = Schema.String.check(
  Schema.isPattern(/^(?!.*_reply$)[A-Za-z0-9_-]{1,64}$/u, {
    message: "expected 1–64 of A–Z a–z 0–9 _ -, not ending in _reply"
  })
).annotate({ examples: ["reset"] })

export const measurepointsPerCommandMax = 200
export const pageSizeMax = 100
const pageSizeDefault = 20

/** No `default` in a body's schema: openapi-typescript takes fields that have one for required. */
const seconds = (minimum: number, maximum: number, fallback: number, description: string) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))
    .annotate({ description: `${description} ${fallback} if absent.` })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(fallback)))

/** How long a command may wait for its device, and the device may take to reply. Seconds. */
const waiting = {
  pendingTtl: seconds(
    0,
    pendingTtlSecondsMax,
    0,
    "Seconds that the command may wait for its device. 0: instant, for a device that is online; it is held for `timeout`."
  ),
  timeout: seconds(
    timeoutSecondsMin,
    timeoutSecondsMax,
    timeoutSecondsDefault,
    "Seconds that the device may take to reply after it fetched the command; then it is offered again."
  )
}

const device = { productKey: ProductKey, deviceKey: DeviceKey }
const Accepted = Schema.Struct({ commandId: Schema.String, state: CommandState }).pipe(HttpApiSchema.status(202))
const refusals = [
  NoSuchDevice,
  DeviceNotActivated,
  DeviceDisabled,
  DeviceOffline,
  TooManyPending,
  NotEncodable,
  TemporarilyUnavailable
] as const
/** Of the commands that a thing model may know. */
const checked = [CommandNotOfModel, ...refusals] as const
const checks = {
  unchecked: Schema.optionalKey(
    Flag.annotate({
      description: "`true`: the command goes out whatever the thing model of the device's product says of it."
    })
  )
}
const byModel =
  "Where the device's product has a thing model, a command that it does not allow is refused: an unknown identifier, a value " +
  "of another type or out of its range, a missing input. `unchecked=true` lets it through."

/** Commands for devices: issuing. */
export const CommandIssuing = HttpApiGroup.make("issuing")
  .add(
    HttpApiEndpoint.post("setMeasurepoint", "/measurepoints/:measurepoint:set", {
      params: { ...device, measurepoint: MeasurepointIdentifier },
      query: checks,
      payload: Schema.Struct({ value: AnyJson, ...waiting }),
      success: Accepted,
      error: checked
    })
      .annotateMerge(describe("Set a measurement point", byModel))
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.post("getMeasurepoints", "/measurepoints:get", {
      params: device,
      query: checks,
      payload: Schema.Struct({
        ids: Schema.Array(MeasurepointIdentifier).check(
          Schema.isMinLength(1),
          Schema.isMaxLength(measurepointsPerCommandMax)
        ),
        ...waiting
      }),
      success: Accepted,
      error: checked
    })
      .annotateMerge(describe("Ask for the values of measurement points", byModel))
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.post("invokeService", "/services/:service:invoke", {
      params: { ...device, service: ServiceIdentifier },
      query: checks,
      payload: Schema.Struct({ inputData: Schema.Record(Schema.String, AnyJson), ...waiting }),
      success: Accepted,
      error: checked
    })
      .annotateMerge(describe("Call a service", byModel))
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.post("upgradeFirmware", "/ota:upgrade", {
      params: device,
      payload: Schema.Struct({
        ...Firmware.fields,
        signMethod: Firmware.fields.signMethod.pipe(Schema.withDecodingDefaultKey(Effect.succeed("md5"))),
        ...waiting
      }),
      success: Accepted,
      error: refusals
    })
      .annotateMerge(
        describe(
          "Have a device upgrade its firmware; it tells by ota/device/progress how far it is",
          "It fetches the file by itself, from `fileUrl`."
        )
      )
      .annotateMerge(allow(["operator", "firmware"], "path")),
    HttpApiEndpoint.post("sendRaw", "/raw", {
      params: device,
      query: waiting,
      payload: Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array()),
      success: Accepted,
      error: refusals
    })
      .annotateMerge(
        describe(
          "Send bytes as they are (pass-through products)",
          "The body is what the device gets; the answer to it comes as an uplink."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "path"))
  )
  .prefix("/v1/products/:productKey/devices/:deviceKey")
  .annotateMerge(
    OpenApi.annotations({
      title: "Commands",
      description: "Send a command to a device, which fetches it when it wakes."
    })
  )

/** Commands for devices: what became of them. */
export const CommandTracking = HttpApiGroup.make("tracking")
  .add(
    HttpApiEndpoint.get("getCommand", "/v1/commands/:commandId", {
      params: { commandId: MadeUpId },
      success: IssuedCommand,
      error: [NoSuchCommand, TemporarilyUnavailable]
    })
      .annotateMerge(
        describe(
          "What became of a command; kept for 7 days after it ended",
          "What was asked for, as it was written; state, times, deliveries and the reply. An event of kind `command` tells the same without asking."
        )
      )
      .annotateMerge(allow(everyRole, "handler")),
    HttpApiEndpoint.post("cancelCommand", "/v1/commands/:commandId:cancel", {
      params: { commandId: MadeUpId },
      success: Schema.Struct({ commandId: Schema.String, state: CommandState }),
      error: [NoSuchCommand, CommandNotCancellable, TemporarilyUnavailable]
    })
      .annotateMerge(describe("Cancel a command that was not sent yet", "409 once its device fetched it."))
      .annotateMerge(allow(["operator", "developer", "firmware"], "handler")),
    HttpApiEndpoint.post("cancelCommands", "/v1/products/:productKey/devices/:deviceKey/commands:cancel", {
      params: device,
      success: Schema.Struct({ commandIds: Schema.Array(Schema.String) }),
      error: TemporarilyUnavailable
    })
      .annotateMerge(
        describe(
          "Cancel all commands of a device that were not sent yet; says which it cancelled",
          "Those that it fetched go on."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.get("listCommands", "/v1/products/:productKey/devices/:deviceKey/commands", {
      params: device,
      query: {
        state: Schema.optionalKey(CommandState),
        cursor: cursorOf(MadeUpId),
        limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: pageSizeMax }))
          .annotate({ description: "How many a page has at most.", default: pageSizeDefault })
          .pipe(Schema.withDecodingDefaultKey(Effect.succeed(pageSizeDefault)))
      },
      success: Schema.Struct({ commands: Schema.Array(IssuedCommand), nextCursor }),
      error: TemporarilyUnavailable
    })
      .annotateMerge(
        describe(
          "The commands of a device, newest first",
          "All, or those of one state, those that ended in the last 7 days included."
        )
      )
      .annotateMerge(allow(everyRole, "path"))
  )
  .annotateMerge(
    OpenApi.annotations({ title: "Command states", description: "What became of a command, and how to call it off." })
  )

/** The HTTP API of downlink-queue (docs/architecture.md §6). */
export const DownlinkApi = strictApi(HttpApi.make("downlink").add(CommandIssuing).add(CommandTracking)).annotateMerge(
  OpenApi.annotations({
    title: "Roost downlink-queue",
    version: "1",
    description:
      "Commands for sleeping devices, and what became of them. Products and devices are made in the registry: " +
      "[its documentation](/docs/registry)."
  })
)
