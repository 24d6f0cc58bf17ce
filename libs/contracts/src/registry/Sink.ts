import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { explained } from "../Explained.ts"
import { sentBack } from "../http/SentBack.ts"
import { textOf } from "../http/Texts.ts"
import { AnyJson } from "../JsonText.ts"
import { FollowedKind } from "./EventsApi.ts"
import { ScriptSource } from "./Script.ts"
import { newSinkUrl } from "./SinkUrl.ts"

/** Sinks of one Roost: each costs a consumer per kind at the nats-server, and a connection. */
export const sinksMax = 50

const millis = (description: string) =>
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 ** 15 })).annotate({ description })

/** A URL whose user, if it has one, stands without a password: that is a field of its own. */
const urlOf = (schemes: string, expected: string) =>
  Schema.String.check(
    Schema.isMaxCodePoints(2048),
    Schema.isPattern(new RegExp(`^(?:${schemes})://(?:[^\\s/@:?#]+@)?[^\\s/@?#]+([/?]\\S*)?$`, "u"), {
      message: `expected ${expected} without a password, which is a field of its own`
    })
  )

const password = Schema.optionalKey(
  textOf(1, 1024).annotate({
    description: "Never shown again. Left out in a PUT it stays, as long as the address and the user do."
  })
)
const ca = Schema.optionalKey(
  textOf(1, 16_384).annotate({ description: "Certificates (PEM) that the server's is checked by, instead of Node's." })
)

const postgresUrlTexts = {
  description: "`?sslmode=require` or `verify-full` has it use TLS.",
  examples: ["postgres://roost@db.example:5432/telemetry?sslmode=verify-full"]
} as const

export const PostgresTarget = Schema.Struct({
  type: Schema.Literal("postgres"),
  url: urlOf("postgres|postgresql", "postgres://user@host:5432/database").annotate(postgresUrlTexts),
  password,
  ca,
  table: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^(?:[a-z_][a-z0-9_]{0,39}\.)?[a-z_][a-z0-9_]{0,39}$/u, {
        message: "expected a name, or schema.name, of a–z 0–9 _"
      })
    ).annotate({ description: "`roost_points` if absent. It is made where it is not there." })
  )
}).annotate({ identifier: "PostgresTarget" })
export type PostgresTarget = typeof PostgresTarget.Type

export const MqttTarget = Schema.Struct({
  type: Schema.Literal("mqtt"),
  url: urlOf("mqtts?|wss?", "mqtt:// or mqtts:// with host and port").annotate({
    examples: ["mqtts://roost@broker.example:8883"]
  }),
  password,
  ca,
  topic: Schema.optionalKey(
    Schema.String.check(
      Schema.isMaxCodePoints(512),
      Schema.isPattern(/^(?!\$)(?:[^#+{}]|\{(?:type|kind|productKey|deviceKey)\})+$/u, {
        message: "expected a topic without + and #, with {type}, {kind}, {productKey}, {deviceKey} if need be"
      })
    ).annotate({
      description:
        "With `{type}`, `{kind}`, `{productKey}` and `{deviceKey}` of the event. `roost/{productKey}/{deviceKey}/{type}` if absent."
    })
  )
}).annotate({ identifier: "MqttTarget" })
export type MqttTarget = typeof MqttTarget.Type

export const SinkTarget = Schema.Union([PostgresTarget, MqttTarget]).annotate({ identifier: "SinkTarget" })
export type SinkTarget = typeof SinkTarget.Type

const newPostgresFields = { ...PostgresTarget.fields, url: newSinkUrl.annotate(postgresUrlTexts) }
const NewPostgresTarget = Schema.Struct(newPostgresFields).annotate({ identifier: "NewPostgresTarget" })

const told = {
  name: textOf(1, 64).annotate({ description: "For operators.", examples: ["telemetry"] }),
  kinds: Schema.Array(FollowedKind).check(Schema.isMinLength(1), Schema.isUnique()),
  productKey: Schema.optionalKey(ProductKey.annotate({ description: "Of all products if absent." })),
  deviceKey: Schema.optionalKey(
    DeviceKey.annotate({ description: "Of all devices if absent; without a productKey of every device of this key." })
  ),
  script: Schema.optionalKey(
    ScriptSource.annotate({
      description:
        "JavaScript that defines `map(event)`: it returns what is written, or null for nothing. Runs without files, network and clock."
    })
  )
}

export const NewSink = Schema.Struct({
  ...told,
  target: Schema.Union([NewPostgresTarget, MqttTarget]),
  from: Schema.optionalKey(
    millis("Events from then on, milliseconds since 1970, as far as they are kept; from now on if absent.")
  )
}).annotate({ identifier: "NewSink" })
export type NewSink = typeof NewSink.Type

const { password: _p, ...shownPostgres } = PostgresTarget.fields
const { password: _m, ...shownMqtt } = MqttTarget.fields
const hasPassword = Schema.Boolean.annotate({ description: "Whether it has one; nobody is shown it." })

/** A target as it is shown. */
const ShownTarget = Schema.Union([
  Schema.Struct({ ...shownPostgres, hasPassword }).annotate({ identifier: "ShownPostgresTarget" }),
  Schema.Struct({ ...shownMqtt, hasPassword }).annotate({ identifier: "ShownMqttTarget" })
]).annotate({ identifier: "ShownSinkTarget" })

const registered = {
  sinkId: Schema.String,
  createdAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  paused: Schema.Boolean.annotate({
    description: "Nothing is written; events wait as long as their streams keep them."
  }),
  from: Schema.Finite.annotate({ description: "Where it began, or was last replayed from; milliseconds since 1970." })
}

/** How a sink does. An entry of the bucket SINKS, at `status.{sinkId}`. Times in milliseconds since 1970. */
export const SinkStatus = Schema.Struct({
  health: Schema.Literals(["untried", "healthy", "failing"]).annotate({
    description: "`failing`: the target took nothing lately; events wait, and none is given up for that."
  }),
  at: Schema.optionalKey(Schema.Finite.annotate({ description: "When something was written, or not, last." })),
  writtenAt: Schema.optionalKey(Schema.Finite.annotate({ description: "When something was written last." })),
  writtenUpTo: Schema.optionalKey(
    Schema.Finite.annotate({ description: "When the newest event that was written came." })
  ),
  failingSince: Schema.optionalKey(Schema.Finite),
  nextAttemptAt: Schema.optionalKey(Schema.Finite),
  error: Schema.optionalKey(Schema.String.annotate({ description: "Why nothing is taken." })),
  cure: Schema.optionalKey(Schema.String),
  ...explained
}).annotate({ identifier: "SinkStatus" })
export type SinkStatus = typeof SinkStatus.Type

export const Sink = Schema.Struct({
  ...registered,
  ...told,
  target: ShownTarget,
  status: SinkStatus,
  waiting: Schema.Int.annotate({
    description: "Messages that are to be looked at, those of others included that it does not write."
  }),
  lagSeconds: Schema.Finite.annotate({ description: "How old the oldest event is that waits; 0 where none does." }),
  dead: Schema.Int.annotate({ description: "Events that could not be written and were not replayed since." })
}).annotate({
  identifier: "Sink",
  examples: [
    {
      sinkId: "sk_0123456789abcdef01234567",
      name: "telemetry",
      createdAt: 1_795_476_031_270,
      paused: false,
      from: 1_795_476_031_270,
      kinds: ["uplink", "command"],
      target: { type: "postgres", url: "postgres://roost@db.example:5432/telemetry", hasPassword: true },
      status: {
        health: "healthy",
        at: 1_795_479_600_000,
        writtenAt: 1_795_479_600_000,
        writtenUpTo: 1_795_479_599_000
      },
      waiting: 3,
      lagSeconds: 0.4,
      dead: 0
    }
  ]
})
export type Sink = typeof Sink.Type

const { from: _from, ...replaceable } = NewSink.fields

/** Of a sink, what it hears of: consumers that are half-way do not change. */
export const sinkFixed: ReadonlyArray<string> = ["sinkId", "productKey", "deviceKey"]

/** A sink in the place of another: what nobody can change may be there as it was read. */
export const SinkReplacement = sentBack(Sink.fields, {
  ...replaceable,
  target: Schema.Union([sentBack({ hasPassword }, newPostgresFields), sentBack({ hasPassword }, MqttTarget.fields)])
}).annotate({ identifier: "SinkReplacement" })
export type SinkReplacement = typeof SinkReplacement.Type

export const SinkReplay = Schema.Struct({
  from: millis("Where it goes back to, milliseconds since 1970, as far as events are kept.")
}).annotate({ identifier: "SinkReplay" })

/** Outcome of a try to reach a sink's target; nothing is written. */
export const SinkTestResult = Schema.Struct({
  reached: Schema.Boolean,
  millis: Schema.Finite,
  error: Schema.optionalKey(Schema.String.annotate({ description: "Why it would take nothing." })),
  cure: Schema.optionalKey(Schema.String),
  ...explained
}).annotate({ identifier: "SinkTestResult" })
export type SinkTestResult = typeof SinkTestResult.Type

/**
 * A sink with what only its writer needs, as the bucket SINKS has it at its id, sealed for `sealPurpose.sink`. `generation`: its consumers'
 * names have it, so that a replay has new ones.
 */
export const StoredSink = Schema.Struct({
  ...registered,
  ...told,
  target: SinkTarget,
  generation: Schema.Int
})
export type StoredSink = typeof StoredSink.Type

/** Stream SINK_DEAD, `roost.sink.dead.{sinkId}`: an event that could not be written, whatever else could. */
export const DeadEvent = Schema.Struct({
  sinkId: Schema.String,
  event: AnyJson,
  tries: Schema.Int,
  reason: Schema.String,
  at: Schema.Finite,
  ...explained
}).annotate({ identifier: "DeadEvent" })
export type DeadEvent = typeof DeadEvent.Type

/** `roost.try.sink`: has a process that writes try the way to a sink's target. */
export const SinkTestRequest = Schema.Struct({ sinkId: Schema.String })
export const SinkTestReply = Schema.Union([
  Schema.TaggedStruct("Tried", { result: SinkTestResult }),
  Schema.TaggedStruct("Unknown", {})
])
export type SinkTestReply = typeof SinkTestReply.Type
