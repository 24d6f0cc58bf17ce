import * as Schema from "effect/Schema"
import { Subjects } from "../Subjects.ts"
import { TemporarilyUnavailable } from "../http/RequestProblems.ts"
import { AnyJson } from "../JsonText.ts"
import { NoSuchDevice } from "../registry/RegistryProblems.ts"
import { Command, CommandState, Firmware } from "./Command.ts"
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

const device = { productKey: Schema.String, deviceKey: Schema.String }

/** Another service asks this of downlink-queue: the operations of its HTTP API, for services that speak on the bus. */
export const DownlinkQuestion = Schema.Union([
  Schema.TaggedStruct("Issue", {
    ...device,
    draft: Schema.Union([
      Schema.Struct({ kind: Schema.Literal("measurepointSet"), measurepoint: Schema.String, value: AnyJson }),
      Schema.Struct({
        kind: Schema.Literal("service"),
        service: Schema.String,
        inputData: Schema.Record(Schema.String, AnyJson)
      }),
      Schema.Struct({ kind: Schema.Literal("measurepointGet"), measurepoints: Schema.Array(Schema.String) }),
      Schema.Struct({ kind: Schema.Literal("otaUpgrade"), firmware: Firmware }),
      Schema.Struct({ kind: Schema.Literal("raw"), bytes: Schema.Uint8ArrayFromBase64 })
    ]),
    /** Seconds; 0: instant. */
    pendingTtl: Schema.Int,
    timeout: Schema.Int,
    /** Not by the thing model of the device's product. */
    unchecked: Schema.optionalKey(Schema.Boolean),
    /** Of an application's request that may run again (`IdempotentRequest`); `seed` in base64. */
    request: Schema.optionalKey(Schema.Struct({ seed: Schema.String, at: Schema.Finite, again: Schema.Boolean }))
  }),
  Schema.TaggedStruct("Get", { commandId: Schema.String }),
  Schema.TaggedStruct("Cancel", { commandId: Schema.String }),
  Schema.TaggedStruct("CancelAll", device),
  Schema.TaggedStruct("List", {
    ...device,
    state: Schema.optionalKey(CommandState),
    cursor: Schema.optionalKey(Schema.String),
    limit: Schema.Int
  })
])
export type DownlinkQuestion = typeof DownlinkQuestion.Type

/** Every problem that a question may end in, as the HTTP API has it. */
export const DownlinkProblem = Schema.Union([
  NoSuchDevice,
  DeviceNotActivated,
  DeviceDisabled,
  DeviceOffline,
  TooManyPending,
  CommandNotOfModel,
  NotEncodable,
  NoSuchCommand,
  CommandNotCancellable,
  TemporarilyUnavailable
])
export type DownlinkProblem = typeof DownlinkProblem.Type

export const DownlinkAnswer = Schema.Union([
  /** One command; a page of `List`, newest first; those that `CancelAll` cancelled. */
  Schema.TaggedStruct("Answered", { commands: Schema.Array(Command), nextCursor: Schema.optionalKey(Schema.String) }),
  Schema.TaggedStruct("Refused", {
    /** Name of the problem that the HTTP API has for it. */
    reason: Schema.String,
    detail: Schema.String,
    /** Of a command that was recorded as failed. */
    commandId: Schema.optionalKey(Schema.String),
    /** Absent from older instances. */
    problem: Schema.optionalKey(DownlinkProblem)
  })
])
export type DownlinkAnswer = typeof DownlinkAnswer.Type

export const downlinkRpc = { subject: Subjects.downlink, request: DownlinkQuestion, response: DownlinkAnswer } as const
export const downlinkQueue = "downlink"
