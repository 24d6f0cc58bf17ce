/** First in, first out over a ring that doubles where it is full: which device sends next. */
export class ReadyQueue<T> {
  #ring: Array<T | undefined> = Array.from({ length: firstCapacity }, () => undefined)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#double()
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

  #double(): void {
    const inOrder = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)]
    this.#ring = [...inOrder, ...Array.from({ length: inOrder.length }, () => undefined)]
    this.#head = 0
  }
}

const firstCapacity = 64
