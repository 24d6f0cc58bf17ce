/**
 * Keys that a watch told of. After an interruption the bucket is read again, and reading may not meet a key. It is gone, or its
 * entry was replaced meanwhile: then the successor comes behind. So such a key is in doubt until the bucket is asked for it.
 */
export class WatchedKeys {
  readonly #known = new Set<string>()
  /** While the bucket is being read. */
  #met: Set<string> | undefined
  #doubted = new Set<string>()

  /** The bucket is being read from its beginning. */
  begin(): void {
    this.#met = new Set()
    this.#doubted = new Set()
  }

  /** There is an entry. */
  put(key: string): void {
    this.#known.add(key)
    this.#met?.add(key)
    this.#doubted.delete(key)
  }

  /** The bucket told that the entry was deleted. */
  deleted(key: string): void {
    this.#known.delete(key)
    this.#doubted.delete(key)
  }

  /** The bucket has been read to its end. Gives the keys that it has to be asked for. */
  caughtUp(): ReadonlyArray<string> {
    const met = this.#met
    this.#met = undefined
    for (const key of this.#known) if (met?.has(key) === false) this.#doubted.add(key)
    return [...this.#doubted]
  }

  /** Whether it is still to be asked for the key. */
  doubts(key: string): boolean {
    return this.#doubted.has(key)
  }

  /** The bucket was asked, and has no entry. False if it told of the key since, or is being read again. */
  missing(key: string): boolean {
    return this.#doubted.delete(key) && this.#known.delete(key)
  }
}
