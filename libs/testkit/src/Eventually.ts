import { Effect } from "effect"

/** How long a condition may take on a machine with a load of 20. */
export const eventuallyMillisMax = 120_000
const pollMillis = 20

/**
 * Asks until `accept` takes the answer, and gives it; for what another process is about to do. An answer that is true will do without
 * `accept`. Rejects with the last answer, or with `what` says then.
 */
export const eventually = async <A>(
  ask: () => A | Promise<A>,
  accept: (answer: A) => boolean = Boolean,
  what?: () => string
): Promise<A> => {
  for (const end = Date.now() + eventuallyMillisMax; ;) {
    const answer = await ask()
    if (accept(answer)) return answer
    if (Date.now() > end) {
      const last = what?.() ?? `${ask}; last: ${JSON.stringify(answer)?.slice(0, 2000)}`
      throw new Error(`not so after ${eventuallyMillisMax} ms: ${last}`)
    }
    await new Promise((resume) => setTimeout(resume, pollMillis))
  }
}

/** Looks again until `condition` holds, by the clock of the test; one that fails does not hold. A test that waits for ever ends by its timeout. */
export const waitUntil = <R = never>(
  condition: (() => boolean) | Effect.Effect<boolean, unknown, R>
): Effect.Effect<void, never, R> =>
  (Effect.isEffect(condition) ? condition : Effect.sync(condition)).pipe(
    Effect.orElseSucceed(() => false),
    Effect.delay("10 millis"),
    Effect.repeat({ until: (holds) => holds }),
    Effect.asVoid
  )
