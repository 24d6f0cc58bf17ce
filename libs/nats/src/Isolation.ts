import { BoundedMap } from "@roost/bounded"
import { Cause, Clock, Effect, Exit } from "effect"

/** A message that failed alone so many times, while others were handled in between, is set aside. */
export const failuresAloneMax = 3

/** Milliseconds for which one batch is divided; what is left then comes again. A handler that waits for a store is slow to fail. */
export const isolationMillisMax = 10_000

/** Messages whose failures are counted at once. */
const countedMax = 10_000

/** The fate of each message of a batch that failed as a whole. */
export interface Isolated<M> {
  readonly handled: ReadonlyArray<M>
  /** Failed alone, or were not reached in time. */
  readonly again: ReadonlyArray<M>
  /** With why they failed the last time. */
  readonly aside: ReadonlyArray<readonly [M, string]>
}

/**
 * Finds which messages make a batch fail. Its halves are tried, and the halves of those that fail, down to single messages. One
 * bad message among 2 048 costs 22 calls more. When everything fails the fault is the store's: then no message is blamed,
 * however often it failed.
 */
export class Isolation<M> {
  readonly #keyOf: (message: M) => number
  readonly #failures = new BoundedMap<number, Failures>(countedMax)
  #handled = 0

  /** `keyOf`: the message's number in its stream. */
  constructor(keyOf: (message: M) => number) {
    this.#keyOf = keyOf
  }

  noteHandled(messages: ReadonlyArray<M>): void {
    this.#handled += messages.length
    if (this.#failures.size > 0) for (const message of messages) this.#failures.delete(this.#keyOf(message))
  }

  /** `failed`: why the batch failed as a whole. `handle` gives the messages that it wants again. */
  divide<R>(
    batch: ReadonlyArray<M>,
    failed: Cause.Cause<unknown>,
    handle: Handle<M, R>
  ): Effect.Effect<Isolated<M>, never, R> {
    return Effect.suspend(() => {
      const handledBefore = this.#handled
      return Effect.map(tryParts(batch, failed, handle), ({ again, alone, handled }) => {
        this.noteHandled(handled)
        const aside = alone.filter(([message]) => this.#isToBlame(message, handledBefore))
        const blamed = new Set(aside.map(([message]) => message))
        const later = alone.flatMap(([message]) => (blamed.has(message) ? [] : [message]))
        return { handled, again: [...again, ...later], aside }
      })
    })
  }

  /** A failure counts where another message was handled since the one before. */
  #isToBlame(message: M, handledBefore: number): boolean {
    const key = this.#keyOf(message)
    const { count, handledThen } = this.#failures.get(key) ?? { count: 0, handledThen: handledBefore }
    const failures = count + (this.#handled > handledThen ? 1 : 0)
    this.#failures.set(key, { count: failures, handledThen: this.#handled })
    return failures >= failuresAloneMax
  }
}

type Handle<M, R> = (
  messages: ReadonlyArray<M>
) => Effect.Effect<{ has(message: M): boolean } | undefined | void, unknown, R>

interface Failures {
  readonly count: number
  /** How many messages had been handled by then. */
  readonly handledThen: number
}

const tryParts = Effect.fnUntraced(function* <M, R>(
  batch: ReadonlyArray<M>,
  failed: Cause.Cause<unknown>,
  handle: Handle<M, R>
) {
  const until = (yield* Clock.currentTimeMillis) + isolationMillisMax
  const handled: Array<M> = []
  const again: Array<M> = []
  const alone: Array<readonly [M, string]> = []
  const rest = halvesOf(batch, failed, alone)
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if ((yield* Clock.currentTimeMillis) >= until) {
      again.push(...part)
      continue
    }
    const exit = yield* Effect.exit(handle(part))
    if (Exit.isSuccess(exit)) {
      for (const message of part) (exit.value?.has(message) === true ? again : handled).push(message)
    } else rest.push(...halvesOf(part, exit.cause, alone))
  }
  return { handled, again, alone }
})

/** The later half first, so that the earlier one is taken from the end; of a single message none, and why it failed. */
const halvesOf = <M>(
  part: ReadonlyArray<M>,
  cause: Cause.Cause<unknown>,
  alone: Array<readonly [M, string]>
): Array<ReadonlyArray<M>> => {
  if (part.length === 1) {
    alone.push([part[0]!, String(Cause.squash(cause)).slice(0, reasonLengthMax)])
    return []
  }
  const middle = part.length >> 1
  return [part.slice(middle), part.slice(0, middle)]
}

const reasonLengthMax = 500
