import { Effect, type Scope } from "effect"

const minuteMillis = 60_000
/** Counts that a line names. */
const namedMax = 8

/** The growth of some counters since the last look, the most first. */
export class MinuteTally {
  readonly #before = new Map<string, number>()

  /** As `5000 NotDtls, 12 HandshakeRate`; undefined if nothing grew. */
  grown(counts: Iterable<readonly [name: string, count: number]>): string | undefined {
    const grown: Array<readonly [string, number]> = []
    for (const [name, count] of counts) {
      const more = count - (this.#before.get(name) ?? 0)
      this.#before.set(name, count)
      if (more > 0) grown.push([name, more])
    }
    if (grown.length === 0) return undefined
    const named = grown.toSorted((a, b) => b[1] - a[1]).slice(0, namedMax)
    const others = grown.length > namedMax ? `, and ${grown.length - namedMax} others` : ""
    return named.map(([name, more]) => `${more} ${name}`).join(", ") + others
  }
}

/**
 * One line a minute of what counters tell, and none while they stand: in place of a line for each datagram, request or refusal.
 * `line` makes the sentence of what grew.
 */
export const tellEachMinute = (
  counts: () => Iterable<readonly [name: string, count: number]>,
  line: (grown: string) => string
): Effect.Effect<void, never, Scope.Scope> => {
  const tally = new MinuteTally()
  const tell = Effect.suspend(() => {
    const grown = tally.grown(counts())
    return grown === undefined ? Effect.void : Effect.logInfo(line(grown))
  })
  return Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(minuteMillis), tell))))
}
