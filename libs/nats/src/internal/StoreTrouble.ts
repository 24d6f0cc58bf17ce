/** No refusal for this long: the store takes again. */
export const calmMillis = 3_000
/** Views are read once more after this, since a replica that had fallen behind needs a while; and not more often. */
export const settleMillis = 30_000

export interface TroubleListener {
  /** The store refused for the first time in a while. */
  readonly began?: () => void
  /** It takes again; `last`: the second time of the two. */
  readonly over: (last: boolean) => void
}

/**
 * Whether JetStream refuses what this process writes: a disk is full, or a stream. Messages that one server had no room for reach its
 * replica later and behind the consumers that read there, without a gap in their deliveries. A view kept by a watch would lack them for
 * ever. So views are read anew once the store takes again, twice for each trouble.
 */
export class StoreTrouble {
  #listeners: ReadonlyArray<TroubleListener> = []
  #timer: NodeJS.Timeout | undefined
  #refusedAt: number | undefined
  #toldAt = -Infinity

  /** A write was refused, or JetStream was not there for it. */
  note(): void {
    const isNews = this.#refusedAt === undefined
    const now = performance.now()
    this.#refusedAt = now
    if (!isNews) return
    for (const { began } of this.#listeners) began?.()
    this.#wait(Math.max(calmMillis, this.#toldAt + settleMillis - now))
  }

  /** Returns how to stop listening. */
  listen(listener: TroubleListener): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#listeners = []
  }

  #wait(millis: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), millis)
    this.#timer.unref()
  }

  #look(): void {
    if (this.#refusedAt === undefined) return this.#tell(true)
    const left = this.#refusedAt + calmMillis - performance.now()
    if (left > 0) return this.#wait(left)
    this.#refusedAt = undefined
    this.#tell(false)
    this.#wait(settleMillis)
  }

  #tell(last: boolean): void {
    this.#toldAt = performance.now()
    for (const { over } of this.#listeners) over(last)
  }
}
