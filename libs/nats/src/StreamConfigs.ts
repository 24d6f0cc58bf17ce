import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import type { BucketDefinition, StreamDefinition } from "@roost/contracts"
import type { Kept, StreamSettings } from "./StreamSettings.ts"

export type StreamConfigOf = Partial<StreamConfig> & { readonly name: string }

/** How nats-server is told of a stream or bucket. */
export const configOf = (kept: Kept, settings: StreamSettings): StreamConfigOf => ({
  ...(kept.isBucket
    ? bucketConfig(kept.definition as BucketDefinition, settings)
    : streamConfig(kept.definition as StreamDefinition, settings)),
  storage: StorageType.File,
  max_age: nanos(settings.maxAgeMillis),
  max_bytes: settings.maxBytes,
  discard: settings.whenFull === "refuse" ? DiscardPolicy.New : DiscardPolicy.Old,
  num_replicas: settings.replicas
})

/** Of a stream that is there. */
export const settingsOfConfig = (config: StreamConfig): StreamSettings => ({
  maxAgeMillis: config.max_age / 1_000_000,
  maxBytes: config.max_bytes,
  whenFull: config.discard === DiscardPolicy.New ? "refuse" : "drop-oldest",
  replicas: config.num_replicas
})

/** The parts of `config` beyond an operator's choice, where they differ from the stream's. */
export const differs = (config: StreamConfigOf, current: StreamConfig): boolean =>
  Object.entries(config).some(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(current[key as keyof StreamConfig] ?? defaults[key])
  )

/** Left out by servers where they are so. */
const defaults: Readonly<Record<string, unknown>> = {
  allow_direct: false,
  allow_rollup_hdrs: false,
  deny_delete: false
}

const nanos = (millis: number): number => millis * 1_000_000

const streamConfig = (definition: StreamDefinition, { maxAgeMillis }: StreamSettings): StreamConfigOf => ({
  name: definition.name,
  subjects: [...definition.subjects],
  retention: definition.retention === "workqueue" ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
  duplicate_window: nanos(windowWithin(maxAgeMillis, definition.duplicateWindowMillis))
})

/**
 * The stream that is a key-value bucket (NATS ADR-8). Reads go to the stream's leader: `allow_direct` would let a
 * replica answer with a revision that is older than a write that was acknowledged before.
 */
const bucketConfig = (definition: BucketDefinition, { maxAgeMillis }: StreamSettings): StreamConfigOf => ({
  name: `KV_${definition.name}`,
  subjects: [`$KV.${definition.name}.>`],
  retention: RetentionPolicy.Limits,
  max_msgs_per_subject: definition.history,
  // A bucket needs none, revisions guard it; this is the server's default.
  duplicate_window: nanos(windowWithin(maxAgeMillis, 120_000)),
  allow_rollup_hdrs: true,
  deny_delete: false,
  allow_direct: false
})

/** The server wants it within the age. */
const windowWithin = (maxAgeMillis: number, windowMillis: number): number =>
  maxAgeMillis === 0 ? windowMillis : Math.min(windowMillis, maxAgeMillis)
