import * as Schema from "effect/Schema"
import { textOf } from "../http/Texts.ts"
import { AnyJson } from "../JsonText.ts"

/** Commands of one device that are not finished; one more is refused with EnOS code 11902 (enos-protocol §8.1). */
export const pendingCommandsPerDeviceMax = 50
/** Longest `pendingTtl`: 48 hours (enos-protocol §8.1). */
export const pendingTtlSecondsMax = 172_800
/** Range and default of `timeout`: how long a device may take to reply after it fetched a command. */
export const timeoutSecondsMin = 1
export const timeoutSecondsMax = 60
export const timeoutSecondsDefault = 30
/** A command that was fetched and never answered is offered again, up to this many deliveries (contract §7.12). */
export const maxDeliveriesDefault = 3
/** Bytes of a command as the device gets it. Block-wise transfer carries it; a NATS message takes 1 MiB. */
export const commandPayloadBytesMax = 16 * 1024

/**
 * EnOS numbers the states 1 to 7 in this order (enos-protocol §8.1). `created` and `sent` are pending, the others
 * final.
 */
export const CommandState = Schema.Literals([
  "created",
  "cancelled",
  "expired",
  "sent",
  "succeeded",
  "failed",
  "timedOut"
])
export type CommandState = typeof CommandState.Type

export const isPending = (state: CommandState): boolean => state === "created" || state === "sent"

export const CommandKind = Schema.Literals(["measurepointSet", "measurepointGet", "service", "raw", "otaUpgrade"])
export type CommandKind = typeof CommandKind.Type

/** The firmware that a device is to fetch (enos-protocol §3.2.5). */
export const Firmware = Schema.Struct({
  version: textOf(1, 64),
  fileUrl: textOf(1, 1024),
  fileSize: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({ description: "Bytes." }),
  sign: textOf(0, 256).annotate({ description: "Checksum of the file." }),
  signMethod: textOf(0, 32)
})
export type Firmware = typeof Firmware.Type

/**
 * An entry of the buckets COMMANDS and COMMAND_HISTORY. downlink-queue writes it, by compare-and-set; the actor of the
 * device only reads it. Times in milliseconds since 1970.
 */
export const Command = Schema.Struct({
  /** 20 characters base32; the `id` on the air. See CommandId. */
  commandId: Schema.String,
  productKey: Schema.String,
  deviceKey: Schema.String,
  kind: CommandKind,
  /** Measurement point or service that the command names; empty where there is none or several. */
  identifier: Schema.String,
  /** EnOS topic, without `/topic`. */
  topic: Schema.String,
  /** Exactly the bytes that the device gets. */
  payload: Schema.Uint8ArrayFromBase64,
  /** Of a command whose payload a product's script made: what it was made of. Of others the payload has it. */
  params: Schema.optionalKey(AnyJson),
  state: CommandState,
  createdAt: Schema.Finite,
  /** A command that is still `created` at this time is expired. For an instant command: `createdAt` + `timeout`. */
  expiresAt: Schema.Finite,
  /** `pendingTtl` was 0: the command is held for `timeout` only. */
  instant: Schema.Boolean,
  /** How long the device may take to reply to one delivery. */
  timeoutSeconds: Schema.Int,
  deliveries: Schema.Int,
  maxDeliveries: Schema.Int,
  /** Option 2100 announced it to its device for the first time. */
  hintedAt: Schema.optionalKey(Schema.Finite),
  /** The device fetched it for the first time. */
  fetchedAt: Schema.optionalKey(Schema.Finite),
  /** Time of the last delivery. */
  sentAt: Schema.optionalKey(Schema.Finite),
  repliedAt: Schema.optionalKey(Schema.Finite),
  finishedAt: Schema.optionalKey(Schema.Finite),
  /** A newer command that changes the same and was answered: this one is not offered again. */
  overtakenBy: Schema.optionalKey(Schema.String),
  /** The device's code, or EnOS's own where the command did not get that far. */
  code: Schema.optionalKey(Schema.Int),
  message: Schema.optionalKey(Schema.String),
  data: Schema.optionalKey(AnyJson),
  /** `traceparent` of the request that issued it, if that is traced. An older app drops it. */
  trace: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "Command" })
export type Command = typeof Command.Type
