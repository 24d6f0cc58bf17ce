/** Events in true time, in milliseconds. Those of one moment happen in the order in which they were planned. */
export class Schedule {
  #now = 0
  #planned = 0
  /** Called after every event. */
  afterEach: () => void = () => {}
  /** A binary heap by time, then by order. */
  readonly #heap: Array<{ readonly at: number; readonly order: number; readonly run: () => void }> = []

  get now(): number {
    return this.#now
  }

  plan(delayMillis: number, run: () => void): void {
    const event = { at: this.#now + delayMillis, order: this.#planned++, run }
    const heap = this.#heap
    let child = heap.push(event) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!isBefore(heap[child]!, heap[parent]!)) break
      swap(heap, child, parent)
      child = parent
    }
  }

  /** Plays everything up to a time. */
  runUntil(millis: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= millis) {
      const { at, run } = this.#take()
      this.#now = at
      run()
      this.afterEach()
    }
    this.#now = millis
  }

  #take() {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    heap[0] = last
    for (let parent = 0; ;) {
      const left = 2 * parent + 1
      if (left >= heap.length) return first
      const right = left + 1
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left
      if (!isBefore(heap[child]!, heap[parent]!)) return first
      swap(heap, child, parent)
      parent = child
    }
  }
}

interface Planned {
  readonly at: number
  readonly order: number
}

const isBefore = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

const swap = <A>(heap: Array<A>, a: number, b: number): void => {
  const kept = heap[a]!
  heap[a] = heap[b]!
  heap[b] = kept
}
