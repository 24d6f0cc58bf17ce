import { BoundedMap } from "@roost/bounded"
import {
  Buckets,
  ClusterKeys,
  encodeToken,
  type NewRecording,
  NoSuchRecording,
  Recording,
  type RecordedEntry,
  recordingBytesMax,
  recordingContext,
  recordingsMax,
  Sealing,
  sealPurpose,
  Subjects,
  type Tap,
  TooManyRecordings
} from "@roost/contracts"
import { alphanumeric } from "@roost/enos"
import { decodeBatch, inOrderOf, tapAddress } from "@roost/flight-recorder"
import { type Bucket, EventPublisher, FrameBus, type NatsConnection, openBucket } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Clock, type Config, Context, Effect, Layer, Result, Schema, Semaphore } from "effect"
import { randomBytes } from "node:crypto"
import { RecordingEvents } from "./RecordingEvents.ts"

/** Recordings that run are told so often, so that a process that starts hears of them. */
const tellMillis = 1_000
/** How often it is told that nothing runs any more: each message may be lost. */
const endsToldMin = 10
/** Recordings that are kept; one more, and the oldest goes. */
const keptMax = 200
const idLength = 12
/** Behind the id: what the recording is of. */
const ofKey = ".of"

/** Flight recordings: which run, and what the processes told of them, sealed with the cluster key. */
export class Recordings extends Context.Service<
  Recordings,
  {
    readonly begin: (wanted: NewRecording) => Effect.Effect<Recording, TooManyRecordings>
    /** Newest first. */
    readonly list: Effect.Effect<ReadonlyArray<Recording>>
    readonly get: (id: string) => Effect.Effect<Recording, NoSuchRecording>
    /** In order of time, with the secrets of handshakes. */
    readonly entries: (id: string) => Effect.Effect<ReadonlyArray<RecordedEntry>, NoSuchRecording>
    /** Ends it; nothing of it is kept. */
    readonly forget: (id: string) => Effect.Effect<void, NoSuchRecording>
    /** Somebody has the secrets of a device's handshakes now. */
    readonly noteExport: (recording: Recording) => Effect.Effect<void>
  }
>()("@roost/device-registry/Recordings") {
  static readonly layer: Layer.Layer<Recordings, Config.ConfigError, NatsConnection | FrameBus | EventPublisher> =
    Layer.effect(
      Recordings,
      Effect.gen(function* () {
        const bus = yield* FrameBus
        const events = yield* RecordingEvents
        const sealing = new Sealing(yield* ClusterKeys, sealPurpose.recording)
        const bucket = yield* openBucket(Buckets.recordings, Sealed)
        const known = new Map<string, Recording>()
        const beginning = yield* Semaphore.make(1)

        yield* bucket.watch(`*${ofKey}`, {
          onPut: ({ key, value }) => {
            const id = key.slice(0, -ofKey.length)
            const read = decodeRecording(openedOf(sealing, id, value))
            if (Result.isSuccess(read)) known.set(id, read.success)
          },
          onDelete: (key) => known.delete(key.slice(0, -ofKey.length))
        })
        const batches = yield* storedBatches(bucket, sealing, known)

        const told = { again: 0 }
        const tellOnce = Effect.map(Clock.currentTimeMillis, (now) => {
          const taps = [...known.values()].flatMap((recording) => (recording.until > now ? [tapOf(recording)] : []))
          bus.publish(Subjects.recordings, utf8.encode(JSON.stringify({ taps })))
          told.again = taps.length > 0 ? endsToldMin : told.again - 1
        })
        // Those that ended are kept for a week, and wake nobody.
        const tellRunning = Effect.flatMap(Clock.currentTimeMillis, (now) =>
          told.again > 0 || known.values().some(({ until }) => until > now) ? tellOnce : Effect.void
        )
        yield* tellRunning.pipe(Effect.delay(tellMillis), Effect.forever, Effect.forkScoped)

        const get = (id: string) =>
          Effect.suspend(() => {
            const recording = known.get(id)
            return recording === undefined
              ? Effect.fail(
                  new NoSuchRecording({
                    detail: `No recording has the id ${id}; GET /v1/recordings has those that there are.`
                  })
                )
              : Effect.succeed(recording)
          })
        const newestFirst = () => [...known.values()].toSorted((one, other) => other.from - one.from)
        const remove = Effect.fnUntraced(function* (id: string) {
          known.delete(id)
          for (const key of yield* Effect.orDie(bucket.keys(`${id}.>`))) yield* Effect.orDie(bucket.delete(key))
        })

        return Recordings.of({
          begin: (wanted) =>
            beginning.withPermits(1)(
              Effect.gen(function* () {
                const now = yield* Clock.currentTimeMillis
                const running = newestFirst().filter(({ until }) => until > now)
                if (running.length >= recordingsMax) {
                  const detail = `${recordingsMax} recordings run; the next one ends at ${new Date(Math.min(...running.map(({ until }) => until))).toISOString()}.`
                  return yield* new TooManyRecordings({ detail, max: recordingsMax })
                }
                for (const { id } of newestFirst().slice(keptMax - 1)) yield* remove(id)
                const id = alphanumeric(randomBytes(2 * idLength), idLength)
                const recording: Recording = { id, ...whatOf(wanted), from: now, until: now + wanted.minutes * 60_000 }
                yield* Effect.orDie(bucket.put(`${id}${ofKey}`, sealedOf(sealing, id, recording)))
                known.set(id, recording)
                yield* tellOnce
                yield* events.begun(recording)
                return recording
              })
            ),
          list: Effect.sync(newestFirst),
          get,
          entries: Effect.fn("Recordings.entries")(function* (id) {
            yield* get(id)
            return inOrderOf(yield* batches.read(id))
          }),
          forget: Effect.fn("Recordings.forget")(function* (id) {
            yield* get(id)
            yield* remove(id)
            yield* tellOnce
          }),
          noteExport: events.exported
        })
      })
    ).pipe(Layer.provide(RecordingEvents.layer))

  /** Nothing is recorded. */
  static readonly layerNone = Layer.succeed(
    Recordings,
    Recordings.of({
      begin: () => Effect.fail(new TooManyRecordings({ max: 0 })),
      list: Effect.succeed([]),
      get: () => Effect.fail(new NoSuchRecording()),
      entries: () => Effect.fail(new NoSuchRecording()),
      forget: () => Effect.fail(new NoSuchRecording()),
      noteExport: () => Effect.void
    })
  )
}

const Sealed = Schema.Struct({ sealed: Schema.String.annotate({ description: "Base64." }) })

/** Stores batches that processes tell, each under a key of its own. `known`: others were forgotten, or are another cluster's. */
const storedBatches = Effect.fnUntraced(function* (
  bucket: Bucket<typeof Sealed.Type>,
  sealing: Sealing,
  known: ReadonlyMap<string, Recording>
) {
  const bus = yield* FrameBus
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const bytesOf = new BoundedMap<string, number>(keptMax)
  const onBatch = (bytes: Uint8Array) => {
    const batch = decodeBatch(bytes, sealing)
    const first = batch?.entries[0]
    if (batch === undefined || first === undefined) return unreadable.inc()
    const { entries, id } = batch
    const whole = (bytesOf.get(id) ?? 0) + bytes.length
    bytesOf.set(id, whole)
    if (!known.has(id) || whole > recordingBytesMax) return leftOut.inc(entries.length)
    run(
      Effect.ignore(bucket.put(`${id}.${encodeToken(first.process)}-${first.number}`, sealedOf(sealing, id, entries)))
    )
  }
  yield* bus.subscribe(Subjects.recorded, onBatch, { queue: "recordings" })
  return {
    read: (id: string) =>
      Effect.map(Effect.orDie(bucket.list(`${id}.>`)), (stored) =>
        stored.flatMap(({ key, value }) =>
          key.endsWith(ofKey) ? [] : ((openedOf(sealing, id, value) ?? []) as ReadonlyArray<RecordedEntry>)
        )
      )
  }
})

const sealedOf = (sealing: Sealing, id: string, value: unknown): typeof Sealed.Type => ({
  sealed: sealing.seal(recordingContext(id), utf8.encode(JSON.stringify(value))).toBase64()
})

const openedOf = (sealing: Sealing, id: string, { sealed }: typeof Sealed.Type): unknown => {
  const opened = sealing.open(recordingContext(id), Uint8Array.fromBase64(sealed))
  return opened === undefined ? undefined : JSON.parse(decoder.decode(opened))
}

const whatOf = (wanted: NewRecording): Pick<Recording, "address" | "deviceKey" | "productKey" | "secrets"> =>
  "address" in wanted
    ? { address: tapAddress(wanted.address) ?? wanted.address, secrets: false }
    : { productKey: wanted.productKey, deviceKey: wanted.deviceKey, secrets: wanted.secrets === true }

const tapOf = ({ address, deviceKey, id, productKey, secrets, until }: Recording): Tap => ({
  id,
  until,
  secrets,
  ...(address !== undefined && { address }),
  ...(productKey !== undefined && { productKey }),
  ...(deviceKey !== undefined && { deviceKey })
})

const decodeRecording = Schema.decodeUnknownResult(Recording)
const unreadable = metrics.counter(
  "roost_registry_recordings_unreadable_total",
  "Batches of flight recordings that do not open."
)
const leftOut = metrics.counter(
  "roost_registry_recordings_left_out_total",
  "Entries of flight recordings that had no room left."
)
const utf8 = new TextEncoder()
const decoder = new TextDecoder()
