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
  yield* done
})

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
