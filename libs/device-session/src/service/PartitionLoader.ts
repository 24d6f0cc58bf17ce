import { Cause, Deferred, Effect, Queue, type Scope } from "effect"

/** A partition that is to be loaded: it is this node's from now on, under this fencing token. */
export interface Acquisition {
  readonly partition: number
  readonly fencingToken: number
}

interface Waiting extends Acquisition {
  /** True when it is loaded; false if it is this node's no more. */
  readonly done: Deferred.Deferred<boolean>
  /** How often loading it, and nothing else, ended in an exception. */
  faults: number
  /** It was among others when loading them ended in an exception. */
  alone: boolean
}

export interface PartitionLoader {
  /** Succeeds when the partition is loaded, or with false when it was given up before that. */
  readonly load: (acquisition: Acquisition) => Effect.Effect<boolean>
  /** The partition is another node's now. */
  readonly giveUp: (partition: number) => void
  /** Partitions that can't be loaded for now, and why; undefined if there are none. */
  readonly troubles: () => string | undefined
}

/** Between two tries of a partition that throws: doubled with each. */
const pauseMillisMin = 1_000
const pauseMillisMax = 60_000

/**
 * Loads partitions, those together that were acquired meanwhile. An exception costs time and no partition but its own. The others of
 * its batch are loaded one by one. Its own is tried again behind a pause, as long as it is this node's. `failed` is called with each.
 */
export const makePartitionLoader = Effect.fnUntraced(function* (
  loadAll: (batch: ReadonlyArray<Acquisition>) => Effect.Effect<void>,
  failed: () => void
): Effect.fn.Return<PartitionLoader, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const queue = yield* Queue.unbounded<Waiting>()
  const waiting = new Map<number, Waiting>()
  const troubles = new Map<number, string>()
  const isCurrent = (one: Waiting): boolean => waiting.get(one.partition) === one

  const end = (one: Waiting, loaded: boolean): void => {
    if (isCurrent(one)) {
      waiting.delete(one.partition)
      troubles.delete(one.partition)
    }
    Deferred.doneUnsafe(one.done, Effect.succeed(loaded))
  }

  const retry = Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting>, cause: string) {
    failed()
    const [first] = batch
    if (batch.length > 1 || first === undefined) {
      yield* Effect.logError(
        `${batch.length} partitions could not be loaded, and are loaded one by one. ${reportText(cause)}`
      )
      for (const one of batch) one.alone = true
      return yield* Queue.offerAll(queue, batch)
    }
    const pauseMillis = Math.min(pauseMillisMax, pauseMillisMin * 2 ** first.faults++)
    const text = `partition ${first.partition} could not be loaded, and is tried again in ${pauseMillis / 1000} s: its devices are not served meanwhile`
    troubles.set(first.partition, text)
    yield* Effect.logError(`${text}. ${reportText(cause)}`)
    yield* Queue.offer(queue, first).pipe(Effect.delay(pauseMillis), Effect.forkIn(scope))
  })

  const loadBatch = (batch: ReadonlyArray<Waiting>): Effect.Effect<void> => {
    if (batch.length === 0) return Effect.void
    return loadAll(batch).pipe(
      Effect.map(() => batch.forEach((one) => end(one, isCurrent(one)))),
      Effect.catchDefect((defect) => Effect.asVoid(retry(batch, Cause.pretty(Cause.die(defect)))))
    )
  }

  yield* Queue.takeAll(queue).pipe(
    Effect.flatMap((taken) => {
      const current = taken.filter(isCurrent)
      const together = current.filter(({ alone }) => !alone)
      return Effect.andThen(
        loadBatch(together),
        Effect.forEach(
          current.filter(({ alone }) => alone),
          (one) => loadBatch([one]),
          { discard: true }
        )
      )
    }),
    Effect.forever,
    Effect.forkScoped
  )

  const giveUp = (partition: number): void => {
    const one = waiting.get(partition)
    if (one !== undefined) end(one, false)
  }
  return {
    load: Effect.fnUntraced(function* (acquisition: Acquisition) {
      giveUp(acquisition.partition)
      const one = { ...acquisition, done: yield* Deferred.make<boolean>(), faults: 0, alone: false }
      waiting.set(acquisition.partition, one)
      yield* Queue.offer(queue, one)
      return yield* Deferred.await(one.done)
    }),
    giveUp,
    troubles: () => (troubles.size === 0 ? undefined : [...troubles.values()].join("; "))
  }
})

const reportText = (cause: string): string => `It is a fault of Roost. Report it with this text: ${cause}`
