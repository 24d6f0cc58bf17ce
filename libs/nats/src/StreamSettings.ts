import { type BucketDefinition, type Room, Setting, type StreamDefinition, type WhenFull } from "@roost/contracts"
import { Config, Schema } from "effect"

/** An operator's choices for a stream or bucket: by variables, or later with the `nats` CLI. */
export const StreamSettings = Schema.Struct({
  /** 0: messages don't age. */
  maxAgeMillis: Schema.Finite,
  /** -1: no limit. */
  maxBytes: Schema.Finite,
  whenFull: Schema.Literals(["refuse", "drop-oldest"]),
  replicas: Schema.Int
})
export type StreamSettings = typeof StreamSettings.Type

/** Copies of every stream and bucket: 1, or 3 in a cluster of three. */
export const Replicas = Setting.withDefault(
  "ROOST_NATS_REPLICAS",
  "copies of each stream and bucket: 1, or 3 in a cluster of three",
  Setting.wholeNumber(1, 5),
  1
)

/** Bytes that all streams may take on each server: the `max_file_store` of its configuration. */
export const FileStoreBytes = Setting.optional(
  "ROOST_NATS_FILE_STORE",
  "bytes that all streams may take on each server, 70 % of its disk",
  Setting.wholeNumber(16 * 1024 ** 2, Number.MAX_SAFE_INTEGER),
  { otherwise: "the account's limit, or 4 GiB at most" }
)

/** A stream or bucket under the name that its stream has. */
export interface Kept {
  readonly name: string
  readonly definition: StreamDefinition | BucketDefinition
  readonly isBucket: boolean
  readonly room: Room
  readonly maxAgeMillis: number
  readonly whenFull: WhenFull
}

export const keptOf = (definitions: {
  readonly streams: ReadonlyArray<StreamDefinition>
  readonly buckets: ReadonlyArray<BucketDefinition>
}): ReadonlyArray<Kept> => [
  ...definitions.buckets.map((definition) => ({
    name: `KV_${definition.name}`,
    definition,
    isBucket: true,
    room: definition.room,
    maxAgeMillis: definition.ttlMillis,
    whenFull: "refuse" as const
  })),
  ...definitions.streams.map((definition) => ({
    name: definition.name,
    definition,
    isBucket: false,
    room: definition.room,
    maxAgeMillis: definition.maxAgeMillis,
    whenFull: definition.whenFull
  }))
]

/** The variables of a stream: `ROOST_STREAM_UPLINK_MAX_BYTES`, `…_MAX_AGE_SECONDS`, `…_WHEN_FULL`; buckets likewise. */
export const chosenSettings = (kept: Kept) => {
  const { name } = kept.definition
  const variable = (what: string) => `ROOST_STREAM_${name}_${what}`
  const { percent } = kept.room
  return Setting.all({
    maxBytes: Setting.optional(
      variable("MAX_BYTES"),
      `bytes of ${name}`,
      Setting.wholeNumber(1, Number.MAX_SAFE_INTEGER),
      {
        otherwise: `${percent} % of all`
      }
    ),
    maxAgeSeconds: Setting.withDefault(
      variable("MAX_AGE_SECONDS"),
      `seconds that ${name} keeps what it holds, 0: until it is deleted`,
      Setting.wholeNumber(0, 10 ** 9),
      kept.maxAgeMillis / 1_000
    ),
    whenFull: Setting.withDefault<WhenFull>(
      variable("WHEN_FULL"),
      `what ${name} does with what it has no room for: ${kept.isBucket ? "refuse" : "refuse or drop-oldest"}`,
      kept.isBucket ? refuseOnly : (variableName) => Config.Literals(["refuse", "drop-oldest"], variableName),
      kept.whenFull
    ),
    replicas: Replicas
  })
}

const bucketRefuses =
  "expected refuse or nothing: a bucket that dropped its oldest entries would forget sessions, commands or who owns what"

const refuseOnly = (variableName: string): Config.Config<"refuse"> =>
  Config.schema(
    Schema.String.annotate({ message: bucketRefuses }).check(
      Schema.makeFilter((text) => (text === "refuse" ? undefined : bucketRefuses))
    ),
    variableName
  ).pipe(Config.map(() => "refuse" as const))

export type ChosenSettings = Config.Success<ReturnType<typeof chosenSettings>>

/** All that the one who makes the streams reads of them. */
export const streamSettings = (definitions: Parameters<typeof keptOf>[0]): ReadonlyArray<Setting<unknown>> => [
  FileStoreBytes,
  ...keptOf(definitions).map(chosenSettings)
]

/** The settings of a stream where all streams may take `fileStoreBytes`. */
export const settingsOf = (kept: Kept, chosen: ChosenSettings, fileStoreBytes: number): StreamSettings => ({
  maxAgeMillis: chosen.maxAgeSeconds * 1_000,
  maxBytes: chosen.maxBytes ?? bytesOf(kept.room, fileStoreBytes),
  whenFull: chosen.whenFull,
  replicas: chosen.replicas
})

const bytesOf = ({ bytesMax = Infinity, percent }: Room, fileStoreBytes: number): number =>
  Math.min(bytesMax, Math.floor((fileStoreBytes * percent) / 100))

/**
 * The settings that a stream should have now. A setting that is as it was set last, or as Roost set it before it kept that in mind, follows
 * `wanted`. An operator changed all others since, and they stay.
 */
export const reconcile = (options: {
  readonly wanted: StreamSettings
  readonly current: StreamSettings
  /** Undefined: this was not kept in mind yet. */
  readonly applied: StreamSettings | undefined
  /** The settings of a stream without `applied` that nobody changed. */
  readonly former: StreamSettings
  /** Bytes that the stream holds: none of them is dropped for a size that was not chosen for it. */
  readonly heldBytes: number
}): StreamSettings => {
  const { applied, current, former, heldBytes, wanted } = options
  const before = applied ?? former
  const of = <K extends keyof StreamSettings>(key: K): StreamSettings[K] =>
    current[key] === before[key] ? wanted[key] : current[key]
  const maxBytes = of("maxBytes")
  const grown = maxBytes !== current.maxBytes && maxBytes >= 0 && maxBytes < heldBytes * spare
  return {
    maxAgeMillis: of("maxAgeMillis"),
    maxBytes: grown ? Math.ceil(heldBytes * spare) : maxBytes,
    whenFull: of("whenFull"),
    replicas: of("replicas")
  }
}

const spare = 1.25
