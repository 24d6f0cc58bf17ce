/**
 * Keys that a watch told of. After an interruption the bucket is read again, and reading may not meet a key. It is gone, or its
 * entry was replaced meanwhile: then the successor comes behind. So such a key is in doubt until the bucket is asked for it.
 */
export class WatchedKeys {
  readonly #known = new Set<string>()
  #unmet = new Set<string>()
  #doubted = new Set<string>()

  /** The bucket is being read from its beginning. */
  begin(): void {
    this.#unmet = new Set(this.#known)
    this.#doubted = new Set()
  }

  /** There is an entry. */
  put(key: string): void {
    this.#known.add(key)
    this.#unmet.delete(key)
    this.#doubted.delete(key)
  }

  /** The bucket told that the entry was deleted. */
  deleted(key: string): void {
    this.#known.delete(key)
    this.#unmet.delete(key)
    this.#doubted.delete(key)
  }

  /** The bucket has been read to its end. Gives the keys that it has to be asked for. */
  caughtUp(): ReadonlyArray<string> {
    this.#doubted = this.#unmet
    this.#unmet = new Set()
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
