import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import type { BucketDefinition, StreamDefinition } from "@roost/contracts"
import { Health } from "@roost/observability"
import { Config, Effect, Schedule } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"

/** Copies of every stream and bucket: 1, or 3 in a cluster of three. */
export const Replicas = Config.Int("ROOST_NATS_REPLICAS").pipe(Config.withDefault(1))

/**
 * Creates the streams and buckets that are missing and brings the settings of the others up to date; safe to run by
 * several processes at once. Tries until JetStream is there; `/readyz` says what it waits for.
 */
export const ensureStreams = Effect.fnUntraced(function* (definitions: {
  readonly streams: ReadonlyArray<StreamDefinition>
  readonly buckets: ReadonlyArray<BucketDefinition>
}) {
  const replicas = yield* Replicas
  const { client } = yield* NatsConnection
  const done = yield* Health.startup("streams", "JetStream has not created or confirmed the streams yet")
  const configs = [
    ...definitions.streams.map((definition) => streamConfig(definition, replicas)),
    ...definitions.buckets.map((definition) => bucketConfig(definition, replicas))
  ]
  for (const config of configs) {
    yield* ensure(config).pipe(
      Effect.tapError((error) => Effect.logWarning(error.message)),
      Effect.retry(Schedule.spaced("1 second")),
      Effect.orDie
    )
  }
  if (replicas > 1 && !comparesAndSets(client.info?.version ?? "")) {
    yield* Effect.logWarning(
      `nats-server ${client.info?.version} is too old for ${replicas} replicas: use 2.10 or newer`
    )
  }
  yield* done
})

/**
 * Whether replicated buckets let one of two writers win. nats-server 2.9.10 with three replicas told both that they had
 * won in 519 of 1000 races between two connections; 2.10.0, 2.11.0 and 2.15.1 in none of 1000.
 */
const comparesAndSets = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > 2 || (major === 2 && minor >= 10)
}

const ensure = Effect.fnUntraced(function* (config: StreamConfigOf) {
  const { manager } = yield* NatsConnection
  yield* fromClient(`stream ${config.name}`, async () => {
    try {
      await manager.streams.add(config)
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== streamNameInUse) throw error
      // Storage and retention of a stream can't change; an update that has the same is accepted.
      await manager.streams.update(config.name, config)
    }
  })
})

/** `stream name already in use with a different configuration`. */
const streamNameInUse = 10058

type StreamConfigOf = Partial<StreamConfig> & { readonly name: string }

const nanos = (millis: number): number => millis * 1_000_000

const streamConfig = (definition: StreamDefinition, replicas: number): StreamConfigOf => ({
  name: definition.name,
  subjects: [...definition.subjects],
  retention: definition.retention === "workqueue" ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
  storage: StorageType.File,
  max_age: nanos(definition.maxAgeMillis),
  ...(definition.maxBytes === undefined ? {} : { max_bytes: definition.maxBytes, discard: DiscardPolicy.Old }),
  duplicate_window: nanos(definition.duplicateWindowMillis),
  num_replicas: replicas
})

/**
 * The stream that is a key-value bucket (NATS ADR-8). Reads go to the stream's leader: `allow_direct` would let a
 * replica answer with a revision that is older than a write that was acknowledged before.
 */
const bucketConfig = (definition: BucketDefinition, replicas: number): StreamConfigOf => ({
  name: `KV_${definition.name}`,
  subjects: [`$KV.${definition.name}.>`],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs_per_subject: definition.history,
  max_age: nanos(definition.ttlMillis),
  // The server wants the window within the age; a bucket needs none, revisions guard it.
  duplicate_window: nanos(definition.ttlMillis === 0 ? 120_000 : Math.min(120_000, definition.ttlMillis)),
  allow_rollup_hdrs: true,
  deny_delete: false,
  allow_direct: false,
  num_replicas: replicas
})
