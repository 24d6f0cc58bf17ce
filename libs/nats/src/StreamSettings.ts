import type { BucketDefinition, Room, StreamDefinition, WhenFull } from "@roost/contracts"
import { Config, Schema } from "effect"

/** What an operator may choose of a stream or bucket: by variables, or later with the `nats` CLI. */
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
export const Replicas = Config.Int("ROOST_NATS_REPLICAS").pipe(Config.withDefault(1))

/** Bytes that all streams may take on each server: the `max_file_store` of its configuration. */
export const FileStoreBytes = Config.Int("ROOST_NATS_FILE_STORE").pipe(Config.withDefault(undefined))

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

/** What the variables say of a stream: `ROOST_STREAM_UPLINK_MAX_BYTES`, `…_MAX_AGE_SECONDS`, `…_WHEN_FULL`; buckets likewise. */
export const chosenSettings = (kept: Kept) => {
  const variable = (what: string) => `ROOST_STREAM_${kept.definition.name}_${what}`
  return Config.all({
    maxBytes: Config.Int(variable("MAX_BYTES")).pipe(Config.withDefault(undefined)),
    maxAgeSeconds: Config.Int(variable("MAX_AGE_SECONDS")).pipe(Config.withDefault(kept.maxAgeMillis / 1_000)),
    // A bucket that dropped its oldest entry would forget a device's session or command.
    whenFull: kept.isBucket
      ? Config.succeed(kept.whenFull)
      : Config.Literals(["refuse", "drop-oldest"], variable("WHEN_FULL")).pipe(Config.withDefault(kept.whenFull)),
    replicas: Replicas
  })
}

export type ChosenSettings = Config.Success<ReturnType<typeof chosenSettings>>

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
 * The settings that a stream should have now. What is as it was set last, or as Roost set it before it kept that in mind, follows
 * `wanted`; everything else an operator changed since, and stays.
 */
export const reconcile = (options: {
  readonly wanted: StreamSettings
  readonly current: StreamSettings
  /** Undefined: this was not kept in mind yet. */
  readonly applied: StreamSettings | undefined
  /** What a stream without `applied` has that nobody changed. */
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
