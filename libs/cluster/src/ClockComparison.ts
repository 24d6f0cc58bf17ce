/** A clock that is further from the others' is wrong: expiry of commands and times of events would be. */
export const clockDifferenceMillisMax = 5_000

/**
 * Compares this node's wall clock with those of the other nodes, all of them measured by the clock of the nats-server that
 * stored their records. Pure. Of clocks that differ the larger group that agrees is right, the nats-server's being one of
 * them. Between two groups of one size nobody can tell, and nobody is called wrong.
 */
export class ClockComparison {
  /** By how much each node's clock was ahead of the server's in its last records, in milliseconds. */
  readonly #lately = new Map<string, ReadonlyArray<number>>()

  /** A record came: what its writer's clock said when it was written, and the server's when it was stored. */
  told(node: string, wall: number, storedAt: number): void {
    this.#lately.set(node, [...(this.#lately.get(node) ?? []), wall - storedAt].slice(-recordsLookedAt))
  }

  forget(node: string): void {
    this.#lately.delete(node)
  }

  /** By how many milliseconds the clock of `node` is ahead of those that are right; undefined if it is one of them. */
  differenceOf(node: string): number | undefined {
    const own = aheadOf(this.#lately.get(node))
    if (own === undefined) return undefined
    const all = [0, ...[...this.#lately.values()].flatMap((lately) => aheadOf(lately) ?? [])]
    const agreeing = (ahead: number) =>
      all.filter((other) => Math.abs(other - ahead) <= clockDifferenceMillisMax).length
    const right = all.toSorted((a, b) => agreeing(b) - agreeing(a) || Math.abs(a) - Math.abs(b))[0]!
    return agreeing(right) > agreeing(own) ? own - right : undefined
  }
}

/**
 * A record that waited for its nats-server looks as if its writer's clock were behind. Of the last records the one that waited
 * least counts, and a clock is called behind when that many said so. Undefined: not known yet.
 */
const aheadOf = (lately: ReadonlyArray<number> = []): number | undefined => {
  const ahead = Math.max(...lately)
  return lately.length > 0 && (ahead >= -clockDifferenceMillisMax || lately.length >= recordsLookedAt)
    ? ahead
    : undefined
}

const recordsLookedAt = 3
