import * as Schema from "effect/Schema"
import { explained } from "./Explained.ts"
import { Subjects } from "./Subjects.ts"
import { AnyJson } from "./JsonText.ts"

/** Stream PRESENCE, `roost.presence.{pk}.{dk}`. Times in milliseconds since 1970. */
export const Presence = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  state: Schema.Literals(["online", "offline"]),
  /** `handshake` and `record` make a device online; `lifetime`, `closeNotify`, `replaced`, `credential` offline. */
  cause: Schema.Literals(["handshake", "record", "lifetime", "closeNotify", "credential"]),
  at: Schema.Finite,
  lastSeenAt: Schema.Finite,
  secureMode: Schema.Literals([2, 3]),
  lifetimeSeconds: Schema.Int,
  address: Schema.String,
  suite: Schema.String,
  connectionId: Schema.Boolean,
  /** Of the secret that the session was made with; absent from older nodes. */
  credentialVersion: Schema.optionalKey(Schema.Int)
})
export type Presence = typeof Presence.Type

/**
 * Stream EVENT, `roost.event.{pk}.{dk}.{kind}`: what happened to a device and why, for operators. Of a product as such its device key is
 * empty, which no device's is.
 */
export const DeviceEvent = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  /** A `DeviceEventKind`, or one of another version of Roost. */
  kind: Schema.String,
  ...explained,
  at: Schema.Finite,
  address: Schema.String,
  /** A text with the four parts of an error: received, expected, the likely cause and the cure. Never a secret. */
  reason: Schema.String,
  detail: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])))
})
export type DeviceEvent = typeof DeviceEvent.Type

/** `roost.device.{partition}`: the actor's own view of its device. */
export const DeviceAsk = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  ask: Schema.Literal("status")
})
export type DeviceAsk = typeof DeviceAsk.Type

export const DeviceAnswer = Schema.Union([
  Schema.TaggedStruct("Known", {
    online: Schema.Boolean,
    lastSeenAt: Schema.Finite,
    address: Schema.String,
    suite: Schema.String,
    secureMode: Schema.Literals([2, 3]),
    lifetimeSeconds: Schema.Int,
    pending: Schema.Int
  }),
  Schema.TaggedStruct("Unknown", {})
])
export type DeviceAnswer = typeof DeviceAnswer.Type

/** `roost.placement.announce`: the partitions that a session-actors node owns. */
export const PlacementAnnouncement = Schema.Struct({
  nodeId: Schema.String,
  /** With the fencing token of each: of two nodes that claim one, the higher token is right. */
  partitions: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])),
  /** Grows whenever the node's share changes. */
  term: Schema.Int,
  /** The node is leaving: forget it now. */
  leaving: Schema.Boolean,
  /** `keyCheck` of its routing key: an edge with another one could resume no session. */
  routingKeyCheck: Schema.optionalKey(Schema.String),
  /** Of its ROOST_ROUTING_KEY_PREVIOUS, while keys are exchanged. */
  previousRoutingKeyCheck: Schema.optionalKey(Schema.String),
  /** False: it holds no lease, and its devices are not served. */
  serving: Schema.optionalKey(Schema.Boolean)
})
export type PlacementAnnouncement = typeof PlacementAnnouncement.Type

/** Stream COMMAND_EVENT: what a device did with a command. */
export const CommandEvent = Schema.Union([
  /** Option 2100 announced it; told once per command and owner of the device. */
  Schema.TaggedStruct("Hinted", { commandId: Schema.String, at: Schema.Finite }),
  Schema.TaggedStruct("Fetched", { commandId: Schema.String, at: Schema.Finite, delivery: Schema.Int }),
  Schema.TaggedStruct("Replied", {
    commandId: Schema.String,
    at: Schema.Finite,
    /** The device's `code`; 0 and 200 are success (enos-protocol §3.2). */
    code: Schema.Int,
    message: Schema.optionalKey(Schema.String),
    data: Schema.optionalKey(AnyJson)
  }),
  /** `by`, which is newer and changes the same, was answered first: the command is not offered again. */
  Schema.TaggedStruct("Overtaken", { commandId: Schema.String, at: Schema.Finite, by: Schema.String })
])
export type CommandEvent = typeof CommandEvent.Type

/** The question about one device to the node that owns its partition. */
export const deviceRpc = (partition: number) => ({
  subject: Subjects.device(partition),
  request: DeviceAsk,
  response: DeviceAnswer
})
