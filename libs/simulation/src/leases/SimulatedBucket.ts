/** Where what is asked of it, and what it says, may be lost or late. */
export interface Network {
  /** Delay of one message in milliseconds, or undefined if it is lost. */
  readonly delay: () => number | undefined
  readonly plan: (delayMillis: number, run: () => void) => void
}

export interface StoredEntry<A> {
  /** Undefined: deleted. */
  readonly value: A | undefined
  readonly revision: number
}

export type Answer = { readonly _tag: "Stored"; readonly revision: number } | { readonly _tag: "Conflict" }

/** A key-value bucket as NATS has it: compare-and-set, one sequence of revisions, watchers that hear of everything in order. */
export class SimulatedBucket<A> {
  readonly #network: Network
  readonly #entries = new Map<string, StoredEntry<A>>()
  readonly #history: Array<readonly [key: string, entry: StoredEntry<A>]> = []
  readonly #watchers = new Set<Watcher<A>>()
  #revision = 0

  constructor(network: Network) {
    this.#network = network
  }

  get entries(): ReadonlyMap<string, StoredEntry<A>> {
    return this.#entries
  }

  /** Writes if the entry has this revision, 0 for none; an undefined value deletes. The answer may never come. */
  write(key: string, value: A | undefined, revision: number, answer: (answer: Answer) => void): void {
    this.#later(() => {
      const known = this.#entries.get(key)
      const current = known === undefined ? 0 : known.revision
      const matches = current === revision || (revision === 0 && known?.value === undefined)
      if (!matches) {
        this.#later(() => answer({ _tag: "Conflict" }))
        return
      }
      const stored = { value, revision: ++this.#revision }
      this.#entries.set(key, stored)
      this.#history.push([key, stored])
      for (const watcher of this.#watchers) watcher.tell(key, stored)
      this.#later(() => answer({ _tag: "Stored", revision: stored.revision }))
    })
  }

  /**
   * The server lost its newest writes: everything is as it was before the last `writes` of them, and revisions go on from
   * there. Watches break off; their owners begin them anew.
   */
  setBack(writes: number): void {
    this.#history.length = Math.max(0, this.#history.length - writes)
    this.#entries.clear()
    for (const [key, entry] of this.#history) this.#entries.set(key, entry)
    this.#revision = this.#history.at(-1)?.[1].revision ?? 0
    this.#breakOff()
  }

  /** It was deleted, and is made again, empty; revisions begin where `EnsureStreams` has them begin, above all before. */
  makeAnew(): void {
    this.#history.length = 0
    this.#entries.clear()
    this.#revision += revisionsBetween
    this.#breakOff()
  }

  /** How many writes it has taken. */
  get writes(): number {
    return this.#history.length
  }

  #breakOff(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers.clear()
  }

  read(key: string, answer: (entry: StoredEntry<A> | undefined) => void): void {
    this.#later(() => {
      const entry = this.#entries.get(key)
      this.#later(() => answer(entry))
    })
  }

  /**
   * Everything there is, then everything that happens, in order; `delay` of each message is its own, order is kept. What
   * there is comes from a replica that is `behind` by this many writes; the rest follows. `evades` says of an entry that it was
   * replaced before it was read, so that only its successor comes.
   */
  watch(
    onEntry: (key: string, entry: StoredEntry<A>) => void,
    onRead: () => void,
    behind = 0,
    evades = () => false
  ): () => void {
    const watcher = new Watcher<A>(this.#network, onEntry)
    const end = Math.max(0, this.#history.length - behind)
    const inOrder = [...new Map(this.#history.slice(0, end))].toSorted(([, a], [, b]) => a.revision - b.revision)
    const replaced = new Set(this.#history.slice(end).map(([key]) => key))
    for (const [key, entry] of inOrder) if (!replaced.has(key) || !evades()) watcher.tell(key, entry)
    watcher.after(onRead)
    for (const [key, entry] of this.#history.slice(end)) watcher.tell(key, entry)
    this.#watchers.add(watcher)
    return () => {
      watcher.close()
      this.#watchers.delete(watcher)
    }
  }

  #later(run: () => void): void {
    const delay = this.#network.delay()
    if (delay !== undefined) this.#network.plan(delay, run)
  }
}

/** Sequences of a stream that is made anew begin with the time, in 64ths of a millisecond. */
const revisionsBetween = 64_000

/** A watcher's connection: what is lost there is sent again, so it is only late. */
class Watcher<A> {
  readonly #network: Network
  readonly #onEntry: (key: string, entry: StoredEntry<A>) => void
  readonly #queue: Array<() => void> = []
  #moving = false
  #closed = false

  constructor(network: Network, onEntry: (key: string, entry: StoredEntry<A>) => void) {
    this.#network = network
    this.#onEntry = onEntry
  }

  tell(key: string, entry: StoredEntry<A>): void {
    this.after(() => this.#onEntry(key, entry))
  }

  close(): void {
    this.#closed = true
  }

  after(run: () => void): void {
    this.#queue.push(run)
    this.#move()
  }

  #move(): void {
    if (this.#moving || this.#closed || this.#queue.length === 0) return
    this.#moving = true
    this.#network.plan(this.#network.delay() ?? lostMillis, () => {
      this.#moving = false
      // What waits together arrives together.
      const arrived = this.#closed ? [] : this.#queue.splice(0)
      for (const run of arrived) run()
      this.#move()
    })
  }
}

/** Until a lost message is noticed and sent again. */
const lostMillis = 700
