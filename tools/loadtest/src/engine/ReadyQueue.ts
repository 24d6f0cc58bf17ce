/** First in, first out over a ring that is allocated once: which device sends next. */
export class ReadyQueue<T> {
  readonly #ring: Array<T | undefined>
  #head = 0
  #size = 0

  constructor(capacity: number) {
    this.#ring = Array.from({ length: capacity }, () => undefined)
  }

  get size(): number {
    return this.#size
  }

  /** Must not be called more often than there is room: each device is in it once at most. */
  push(item: T): void {
    this.#ring[(this.#head + this.#size++) % this.#ring.length] = item
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#ring.length
    this.#size--
    return item
  }
}
