/**
 * The effects of one input, in the order in which they are to be carried out. A list for all inputs: emptied it keeps its room. An
 * array gives that up with `length = 0`, and takes 150 bytes anew for the next effect.
 */
export class Effects<Effect> implements Iterable<Effect> {
  readonly #list: Array<Effect | undefined> = []
  #at = 0
  #end = 0

  /** How many are left to be taken. */
  get size(): number {
    return this.#end - this.#at
  }

  push(effect: Effect): void {
    this.#list[this.#end++] = effect
  }

  /** The next one; undefined behind the last. More may be pushed before that. */
  take(): Effect | undefined {
    if (this.#at === this.#end) return undefined
    const effect = this.#list[this.#at]
    this.#list[this.#at++] = undefined
    return effect
  }

  /** Drops what is left. */
  clear(): void {
    if (this.#list.length > keptMax) this.#list.length = 0
    else for (let i = this.#at; i < this.#end; i++) this.#list[i] = undefined
    this.#at = this.#end = 0
  }

  /** Those that are left. */
  *[Symbol.iterator](): IterableIterator<Effect> {
    for (let i = this.#at; i < this.#end; i++) yield this.#list[i]!
  }
}

/** Places that are kept; an input seldom has more than ten effects. */
const keptMax = 64
