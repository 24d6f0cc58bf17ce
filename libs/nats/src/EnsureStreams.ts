import { JetStreamApiError, type StreamInfo } from "@nats-io/jetstream"
import { Buckets, type BucketDefinition, type StreamDefinition } from "@roost/contracts"
import { type Config, Effect, Option, Schedule } from "effect"
import { openBucket } from "./Bucket.ts"
import { fileStoreBytes } from "./FileStore.ts"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"
import { isUnborn, unbornSubject } from "./RequiredStreams.ts"
import { isAtLeast } from "./ServerVersion.ts"
import { configOf, differs, settingsOfConfig, type StreamConfigOf } from "./StreamConfigs.ts"
import {
  type ChosenSettings,
  chosenSettings,
  type Kept,
  keptOf,
  reconcile,
  settingsOf,
  StreamSettings
} from "./StreamSettings.ts"

export interface Definitions {
  readonly streams: ReadonlyArray<StreamDefinition>
  readonly buckets: ReadonlyArray<BucketDefinition>
}

/**
 * Creates the streams and buckets that are missing and brings the settings of the others up to date, but for what an operator
 * changed. Several processes may run it at once. Tries until JetStream is there. For the one process that may create streams
 * (`keepStreams`), and for tests: the others wait (`awaitStreams`).
 */
export const ensureStreams = Effect.fnUntraced(function* (
  definitions: Definitions
): Effect.fn.Return<void, Config.ConfigError, NatsConnection> {
  const { client } = yield* NatsConnection
  const pass = yield* makePass(definitions)
  yield* pass.pipe(
    Effect.tapError((error) => Effect.logWarning(error.message)),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.orDie
  )
  const replicas = (yield* chosenSettings(keptOf({ streams: [], buckets: [Buckets.leases] })[0]!)).replicas
  if (replicas > 1 && !comparesAndSets(client.info?.version ?? "")) {
    yield* Effect.logWarning(
      `nats-server ${client.info?.version} is too old for ${replicas} replicas: use 2.10 or newer`
    )
  }
})

/**
 * Whether replicated buckets let one of two writers win. nats-server 2.9.10 with three replicas told both that they had
 * won in 519 of 1000 races between two connections. Servers 2.10.0, 2.11.0 and 2.15.1 did in none of 1000.
 */
const comparesAndSets = (version: string): boolean => isAtLeast(version, 2, 10)

/** One look at all streams, which makes and mends what has to be; gives what is there afterwards. */
export const makePass = Effect.fnUntraced(function* (definitions: Definitions) {
  const all = keptOf({ streams: definitions.streams, buckets: withStore(definitions.buckets) })
  const chosen = new Map<Kept, ChosenSettings>()
  for (const kept of all) chosen.set(kept, yield* chosenSettings(kept))
  /** How streams were when they were seen last: made again, they are so again. */
  const seen = new Map<string, StreamSettings>()
  const unborn = new Map<string, number>()
  const replicas = Math.max(...[...chosen.values()].map((settings) => settings.replicas))
  return Effect.gen(function* () {
    const { client } = yield* NatsConnection
    const isAlone = client.info !== undefined && client.info.cluster === undefined
    if (isAlone && replicas > 1) return yield* Effect.fail(needsCluster(replicas, client.info!.server_name))
    const found = yield* removeStillborn(yield* listStreams, unborn)
    const missing = all.filter(({ name }) => !found.has(name))
    const { bytes, isKnown } = yield* fileStoreBytes([...found.values()], missing.length > 0)
    const wantedOf = (kept: Kept) => settingsOf(kept, chosen.get(kept)!, bytes)
    for (const kept of missing) {
      const before = seen.get(kept.name)
      yield* create(configOf(kept, before ?? wantedOf(kept)))
      if (before === undefined) continue
      yield* Effect.logError(`stream ${kept.name} was gone and is made again, empty: what it held is lost`)
    }
    // One of the buckets that are there by now.
    const remembered = yield* openBucket(Buckets.store, StreamSettings)
    for (const kept of all) {
      const key = `settings.${kept.name}`
      const info = found.get(kept.name)
      if (info === undefined) {
        if (seen.has(kept.name)) continue
        seen.set(kept.name, wantedOf(kept))
        yield* remembered.put(key, wantedOf(kept))
        continue
      }
      const current = settingsOfConfig(info.config)
      const before = seen.get(kept.name)
      if (isUnborn(info.config)) continue
      if (before !== undefined && isSame(before, current) && !differs(configOf(kept, current), info.config)) continue
      const applied = Option.getOrUndefined(yield* remembered.get(key))?.value
      const wanted = wantedOf(kept)
      // A size that was found out by asking is as good as another.
      const maxBytes =
        isKnown || chosen.get(kept)!.maxBytes !== undefined ? wanted.maxBytes : (applied ?? wanted).maxBytes
      const reconciled = reconcile({
        wanted: { ...wanted, maxBytes },
        current,
        applied,
        former: formerOf(kept, current),
        heldBytes: info.state.bytes
      })
      const settings = isAlone ? { ...reconciled, replicas: 1 } : reconciled
      const config = configOf(kept, settings)
      if (differs(config, info.config)) yield* update(config)
      seen.set(kept.name, settings)
      const applying = { ...wanted, maxBytes: settings.maxBytes === current.maxBytes ? maxBytes : settings.maxBytes }
      if (applied === undefined || !isSame(applied, applying)) yield* remembered.put(key, applying)
    }
    return found
  })
})

/**
 * A server without a cluster refuses to make a stream of three copies, but takes an update to three and keeps one. After its next
 * start it does not open the stream, with all that it holds (2.10.27: `replicas > 1 not supported in non-clustered mode`).
 */
const needsCluster = (replicas: number, server: string): NatsError =>
  new NatsError({
    reason: "Unsupported",
    operation: `ROOST_NATS_REPLICAS=${replicas}`,
    detail: `nats-server "${server}" is in no cluster, so it has one copy of each stream: start ${replicas} with cluster.conf, or leave the variable out`
  })

/** How Roost made a stream before streams had sizes. */
const formerOf = (kept: Kept, { replicas }: StreamSettings): StreamSettings => ({
  maxAgeMillis: kept.maxAgeMillis,
  maxBytes: -1,
  whenFull: kept.isBucket ? "refuse" : "drop-oldest",
  replicas
})

const isSame = (a: StreamSettings, b: StreamSettings): boolean =>
  a.maxAgeMillis === b.maxAgeMillis &&
  a.maxBytes === b.maxBytes &&
  a.whenFull === b.whenFull &&
  a.replicas === b.replicas

const withStore = (buckets: ReadonlyArray<BucketDefinition>): ReadonlyArray<BucketDefinition> =>
  buckets.includes(Buckets.store) ? buckets : [Buckets.store, ...buckets]

const listStreams = Effect.flatMap(NatsConnection, ({ manager }) =>
  fromClient("list of the streams", async () => {
    const found = new Map<string, StreamInfo>()
    for await (const info of manager.streams.list()) found.set(info.config.name, info)
    return found as ReadonlyMap<string, StreamInfo>
  })
)

/** Longer than a process needs to finish a stream that it has begun. */
const unbornMillisMax = 30_000

/** Without the streams that some process began and did not finish: it is gone, and they are made again. */
const removeStillborn = Effect.fnUntraced(function* (
  found: ReadonlyMap<string, StreamInfo>,
  unborn: Map<string, number>
) {
  const { manager } = yield* NatsConnection
  const left = new Map(found)
  const now = performance.now()
  for (const { config } of found.values()) {
    const since = unborn.get(config.name)
    if (!isUnborn(config)) unborn.delete(config.name)
    else if (since === undefined) unborn.set(config.name, now)
    else if (now - since > unbornMillisMax) {
      yield* fromClient(`stream ${config.name}`, () => manager.streams.delete(config.name))
      left.delete(config.name)
      unborn.delete(config.name)
    }
  }
  return left as ReadonlyMap<string, StreamInfo>
})

/**
 * Three steps. When nats-server 2.10.27 restarts it loses everything that a stream made with `first_seq` holds: all of it the first
 * time, by SIGTERM as by SIGKILL. A purge up to a sequence moves the beginning too, and is safe in 2.9.10 and 2.10.27.
 */
const create = Effect.fnUntraced(function* (config: StreamConfigOf) {
  const { manager } = yield* NatsConnection
  yield* fromClient(`stream ${config.name}`, async () => {
    try {
      await manager.streams.add({ ...config, subjects: [unbornSubject(config.name)] })
    } catch (error) {
      // Another process was faster, and does the rest.
      if (error instanceof JetStreamApiError && error.code === streamNameInUse) return
      throw error
    }
    // Nothing is published to it until its sequence is right.
    await manager.streams.purge(config.name, { seq: firstSequence() })
    await manager.streams.update(config.name, config)
  })
})

/**
 * Sequences begin with the time since 1970 in 64ths of a millisecond. So those of a stream that is made again are above all earlier
 * ones. Revisions, fencing tokens and the positions of readers never fall. A stream that takes less than 64 000
 * messages a second stays behind the clock. Stored sessions keep fencing tokens in 48 bits, which is the year 2109.
 */
const firstSequence = (): number => Date.now() * 64

const update = Effect.fnUntraced(function* (config: StreamConfigOf) {
  const { manager } = yield* NatsConnection
  // Storage and retention of a stream can't change; an update that has the same is accepted.
  yield* fromClient(`stream ${config.name}`, () => manager.streams.update(config.name, config))
})

/** `stream name already in use with a different configuration`. */
const streamNameInUse = 10058
