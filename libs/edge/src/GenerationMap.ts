/**
 * A bounded cache in two generations: what was used since the last turn is young, the rest old, and a turn throws the
 * old away. Half as exact as a linked list of recent use, and it costs nothing per entry but the Map's own slot.
 */
export class GenerationMap<K, V> {
  #young = new Map<K, V>()
  #old = new Map<K, V>()
  readonly #max: number

  /** At most `max` entries, at least half of the most recently used ones of them. */
  constructor(max: number) {
    this.#max = Math.max(2, max)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old === undefined) return undefined
    this.#old.delete(key)
    this.set(key, old)
    return old
  }

  /** Without counting as use. */
  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  set(key: K, value: V): void {
    if (this.#old.size > 0) this.#old.delete(key)
    if (this.#young.size >= this.#max / 2 && !this.#young.has(key)) this.turn()
    this.#young.set(key, value)
  }

  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  /** Makes the young old. Called by time too, it bounds how long an unused entry lives: one to two turns. */
  turn(): void {
    this.#old = this.#young
    this.#young = new Map()
  }
}
