import * as Schema from "effect/Schema"

/** Bytes that one process tells of one recording; what comes later is left out, and that it was. */
export const recordingBytesPerProcessMax = 4 * 1024 * 1024
/** Bytes that the stream RECORDING has of one recording, sealed. */
export const recordingBytesMax = 16 * 1024 * 1024
/** Longest recording. */
export const recordingMinutesMax = 60
/** Recordings that run at once. */
export const recordingsMax = 20

/** The target of a recording: a device by its keys, or whoever is at an address, with or without a port. Until when: milliseconds since 1970. */
export const Tap = Schema.Struct({
  id: Schema.String,
  productKey: Schema.optionalKey(Schema.String),
  deviceKey: Schema.optionalKey(Schema.String),
  address: Schema.optionalKey(Schema.String),
  until: Schema.Finite,
  /** The secrets of handshakes, too. */
  secrets: Schema.Boolean
})
export type Tap = typeof Tap.Type

/** `roost.recordings`: all that runs, told by each registry once a second while any does, and once when none does any more. */
export const Taps = Schema.Struct({ taps: Schema.Array(Tap) })

const Direction = Schema.Literals(["in", "out"]).annotate({ description: "As the server sees it." })
const Bytes = Schema.String.annotate({ description: "Base64." })

/** One thing that happened. */
export const Recorded = Schema.Union([
  Schema.TaggedStruct("Datagram", { direction: Direction, peer: Schema.String, bytes: Bytes }),
  /** A record of a session, opened or not. */
  Schema.TaggedStruct("Record", {
    direction: Direction,
    contentType: Schema.Int,
    epoch: Schema.Int,
    sequence: Schema.Finite,
    outcome: Schema.String.annotate({ description: "`opened`, `sealed`, or why it was dropped." })
  }),
  /** A CoAP message inside of the session. */
  Schema.TaggedStruct("Message", { direction: Direction, peer: Schema.String, bytes: Bytes }),
  Schema.TaggedStruct("Handshake", { step: Schema.String, text: Schema.String }),
  /** Of a handshake that this peer began, hexadecimal; only in recordings that were asked to have it. */
  Schema.TaggedStruct("Secret", { peer: Schema.String, masterSecret: Schema.String }),
  Schema.TaggedStruct("Decision", {
    decision: Schema.String,
    row: Schema.String.annotate({ description: "Of docs/protocol.md: its heading and what its row begins with." }),
    code: Schema.optionalKey(Schema.String.annotate({ description: "Of the refusal." }))
  }),
  Schema.TaggedStruct("Store", { what: Schema.String, outcome: Schema.String }),
  Schema.TaggedStruct("Announced", { topic: Schema.String }),
  Schema.TaggedStruct("Command", { event: Schema.String, commandId: Schema.String }),
  Schema.TaggedStruct("Presence", { state: Schema.String, cause: Schema.String }),
  Schema.TaggedStruct("Owner", { text: Schema.String }),
  Schema.TaggedStruct("Event", {
    kind: Schema.String,
    code: Schema.optionalKey(Schema.String),
    reason: Schema.String
  }),
  /** More came than is kept. */
  Schema.TaggedStruct("Full", { bytesMax: Schema.Int })
])
export type Recorded = typeof Recorded.Type

/** The same with when and where. */
export const RecordedEntry = Schema.Struct({
  at: Schema.Finite.annotate({ description: "Milliseconds since 1970, with a fraction." }),
  process: Schema.String.annotate({ description: "App and id, such as `udp-edge 5qbfq64m`." }),
  number: Schema.Int.annotate({ description: "Counts what the process recorded." }),
  what: Recorded
})
export type RecordedEntry = typeof RecordedEntry.Type

/** The entries that one process recorded since it told last. On `roost.recorded`: form u8 | length of the id u8 | id | JSON, sealed or not. */
export const RecordedBatch = Schema.Struct({ entries: Schema.Array(RecordedEntry) })

/** The context that sealed batches are bound to. */
export const recordingContext = (id: string): string => `recording ${id}`

/** First byte of a batch: who has the cluster key seals what it tells, an edge has none. */
export const BatchForm = { plain: 0, sealed: 1 } as const
