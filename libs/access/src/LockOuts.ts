import { BoundedMap } from "@roost/bounded"

/** Names, and addresses, whose wrong passwords are counted at once; of more, the one that was quiet longest goes. */
export const countedMax = 10_000

interface Tries {
  count: number
  lockedUntil: number
}

/**
 * Counts tries in a row, by name or by address, and locks out for a while. A try counts from its beginning, so that many at once are no
 * more than one after the other; the right password takes it back.
 */
export class LockOuts {
  readonly #tries = new BoundedMap<string, Tries>(countedMax)
  readonly #triesMax: number
  readonly #millis: number

  constructor(triesMax: number, millis: number) {
    this.#triesMax = triesMax
    this.#millis = millis
  }

  /** Milliseconds for which it is locked out; 0: it is not. */
  waitOf(name: string, now: number): number {
    return Math.max(0, (this.#tries.get(name)?.lockedUntil ?? 0) - now)
  }

  /** True: it is locked out from now on, unless this try is the right one. */
  begin(name: string, now: number): boolean {
    const count = (this.#tries.get(name)?.count ?? 0) + 1
    const locks = count >= this.#triesMax
    this.#tries.set(name, locks ? { count: 0, lockedUntil: now + this.#millis } : { count, lockedUntil: 0 })
    return locks
  }

  /** Takes back one try, and the lock-out that it was. */
  undo(name: string): void {
    const known = this.#tries.get(name)
    if (known === undefined) return
    if (known.lockedUntil > 0) Object.assign(known, { count: this.#triesMax - 1, lockedUntil: 0 })
    else if (known.count > 1) known.count--
    else this.#tries.delete(name)
  }

  clear(name: string): void {
    this.#tries.delete(name)
  }
}
