/** Names, and addresses, whose wrong passwords are counted at once; of more, the one that was quiet longest goes. */
export const countedMax = 10_000

interface Failures {
  count: number
  lockedUntil: number
}

/**
 * Counts wrong passwords in a row, by name or by address, and locks out for a while. Of this instance: with two registries somebody has
 * twice as many tries, which scrypt and 12 characters make too few.
 */
export class LockOuts {
  readonly #failures = new Map<string, Failures>()
  readonly #failuresMax: number
  readonly #millis: number

  constructor(failuresMax: number, millis: number) {
    this.#failuresMax = failuresMax
    this.#millis = millis
  }

  /** Milliseconds for which it is locked out; 0: it is not. */
  waitOf(name: string, now: number): number {
    return Math.max(0, (this.#failures.get(name)?.lockedUntil ?? 0) - now)
  }

  /** True: it is locked out from now on. */
  fail(name: string, now: number): boolean {
    const known = this.#failures.get(name)
    this.#failures.delete(name)
    if (this.#failures.size >= countedMax) this.#failures.delete(this.#failures.keys().next().value!)
    const count = (known?.count ?? 0) + 1
    const locks = count >= this.#failuresMax
    this.#failures.set(name, locks ? { count: 0, lockedUntil: now + this.#millis } : { count, lockedUntil: 0 })
    return locks
  }

  clear(name: string): void {
    this.#failures.delete(name)
  }
}
