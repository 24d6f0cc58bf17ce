import { Buckets, SinkStatus } from "@roost/contracts"
import { codeAndLink } from "@roost/explain"
import { type NatsConnection, type NatsError, openBucket } from "@roost/nats"
import { Clock, Context, Effect, Layer, Option } from "effect"
import type { TargetFault } from "./TargetFault.ts"

/** A status is written down so often at most, so that a busy sink costs a write a second. */
const writeMillis = 1_000
/** Of a sink that fails there is one line in the log in so long. */
const tellMillis = 60_000

/** One try of a batch. Times in milliseconds since 1970. */
export interface SinkAttempt {
  readonly at: number
  /** When the newest event of it was stored in its stream; of one that was written. */
  readonly upTo?: number
  readonly fault?: TargetFault
  readonly nextAttemptAt?: number
}

export const untriedSink: SinkStatus = { health: "untried" }

export const afterSinkAttempt = (status: SinkStatus, { at, fault, nextAttemptAt, upTo }: SinkAttempt): SinkStatus => {
  const { writtenAt, writtenUpTo } = status
  if (fault === undefined) {
    return { health: "healthy", at, writtenAt: at, writtenUpTo: Math.max(upTo ?? 0, writtenUpTo ?? 0) }
  }
  return {
    health: "failing",
    at,
    ...(writtenAt !== undefined && { writtenAt }),
    ...(writtenUpTo !== undefined && { writtenUpTo }),
    failingSince: status.failingSince ?? at,
    ...(nextAttemptAt !== undefined && { nextAttemptAt }),
    error: fault.detail,
    cure: fault.cure,
    ...codeAndLink(fault.code)
  }
}

/** How each sink does, beside it in the bucket SINKS. Of two instances that write one the later says how it does. */
export class SinkStatuses extends Context.Service<
  SinkStatuses,
  {
    readonly note: (sink: { readonly sinkId: string; readonly name: string }, attempt: SinkAttempt) => void
    readonly get: (sinkId: string) => Effect.Effect<SinkStatus, NatsError>
    readonly forget: (sinkId: string) => Effect.Effect<void, NatsError>
  }
>()("@roost/event-sinks/SinkStatuses") {
  static readonly layer: Layer.Layer<SinkStatuses, never, NatsConnection> = Layer.effect(
    SinkStatuses,
    Effect.gen(function* () {
      const bucket = yield* openBucket(Buckets.sinks, SinkStatus)
      const records = new Map<string, Record>()
      const round = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        for (const [sinkId, record] of records) {
          if (record.changed) {
            record.changed = false
            const failed = () => Effect.sync(() => (record.changed = true))
            yield* bucket.put(keyOf(sinkId), record.status).pipe(Effect.catch(failed))
          }
          const told = record.toTell(now)
          if (told === undefined) continue
          yield* record.status.health === "failing" ? Effect.logWarning(told) : Effect.logInfo(told)
        }
      })
      yield* round.pipe(Effect.andThen(Effect.sleep(writeMillis)), Effect.forever, Effect.forkScoped)
      return SinkStatuses.of({
        note: ({ name, sinkId }, attempt) => {
          let record = records.get(sinkId)
          if (record === undefined) records.set(sinkId, (record = new Record(`${sinkId} (${name})`)))
          record.note(attempt)
        },
        get: (sinkId) =>
          Effect.map(
            bucket.get(keyOf(sinkId)),
            Option.match({ onNone: () => untriedSink, onSome: ({ value }) => value })
          ),
        forget: (sinkId) => {
          records.delete(sinkId)
          return bucket.delete(keyOf(sinkId))
        }
      })
    })
  )
}

class Record {
  readonly #named: string
  status = untriedSink
  changed = false
  #told: SinkStatus["health"] = "untried"
  #toldAt = -Infinity

  constructor(named: string) {
    this.#named = named
  }

  note(attempt: SinkAttempt): void {
    this.status = afterSinkAttempt(this.status, attempt)
    this.changed = true
  }

  toTell(now: number): string | undefined {
    const { cure, error, health } = this.status
    const isNews = health !== this.#told
    if (!isNews && (health !== "failing" || now - this.#toldAt < tellMillis)) return undefined
    this.#told = health
    this.#toldAt = now
    return health === "failing" ? `sink ${this.#named} writes nothing: ${error}. ${cure}` : `sink ${this.#named} writes`
  }
}

/** Keys of sinks have no dot. */
const keyOf = (sinkId: string): string => `status.${sinkId}`
