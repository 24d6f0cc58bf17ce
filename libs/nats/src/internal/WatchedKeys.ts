/**
 * Keys that a watch told of. After an interruption the bucket is read again, and reading may not meet a key. It is gone, or its
 * entry was replaced meanwhile: then the successor comes behind. So such a key is in doubt until the bucket is asked for it.
 *
 * A reading that meets every key costs nothing beyond its entries: no key is copied, and none is looked at again. A copy of a
 * million keys takes 100 ms, in which the process hears nothing.
 */
export class WatchedKeys {
  /** With the reading that a key was told of in last. */
  readonly #readings = new Map<string, number>()
  #reading = 0
  /** Keys that the newest reading, or a change after it, told of. */
  #metCount = 0
  #doubted = new Set<string>()

  /** The bucket is being read from its beginning. */
  begin(): void {
    this.#reading++
    this.#metCount = 0
    this.#doubted = new Set()
  }

  /** There is an entry. */
  put(key: string): void {
    if (this.#readings.get(key) !== this.#reading) {
      this.#readings.set(key, this.#reading)
      this.#metCount++
    }
    this.#doubted.delete(key)
  }

  /** The bucket told that the entry was deleted. */
  deleted(key: string): void {
    this.#forget(key)
    this.#doubted.delete(key)
  }

  /** The bucket has been read to its end. Gives the keys that it has to be asked for. */
  caughtUp(): ReadonlyArray<string> {
    if (this.#metCount < this.#readings.size) {
      for (const [key, reading] of this.#readings) if (reading !== this.#reading) this.#doubted.add(key)
    }
    return [...this.#doubted]
  }

  /** Whether it is still to be asked for the key. */
  doubts(key: string): boolean {
    return this.#doubted.has(key)
  }

  /** The bucket was asked, and has no entry. False if it told of the key since, or is being read again. */
  missing(key: string): boolean {
    return this.#doubted.delete(key) && this.#forget(key)
  }

  #forget(key: string): boolean {
    if (this.#readings.get(key) === this.#reading) this.#metCount--
    return this.#readings.delete(key)
  }
}
