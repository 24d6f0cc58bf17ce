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

/** One process's operations on a bucket, over its own connection. */
export type BucketClient<A> = Pick<SimulatedBucket<A>, "deleteRevision" | "read" | "watch" | "write">

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

  /** The same bucket over another connection. */
  through(network: Network): BucketClient<A> {
    return {
      write: (key, value, revision, answer) => this.write(key, value, revision, answer, network),
      deleteRevision: (revision) => this.deleteRevision(revision, network),
      read: (key, answer) => this.read(key, answer, network),
      watch: (onEntry, onRead, behind, evades) => this.watch(onEntry, onRead, behind, evades, network)
    }
  }

  /**
   * Writes if the entry has this revision, 0 for none, or whatever it has where that is undefined; an undefined value deletes. The
   * answer may never come.
   */
  write(
    key: string,
    value: A | undefined,
    revision: number | undefined,
    answer: (answer: Answer) => void,
    network = this.#network
  ): void {
    later(network, () => {
      const known = this.#entries.get(key)
      const current = known === undefined ? 0 : known.revision
      const matches = revision === undefined || current === revision || (revision === 0 && known?.value === undefined)
      if (!matches) {
        later(network, () => answer({ _tag: "Conflict" }))
        return
      }
      const stored = this.#store(key, value)
      later(network, () => answer({ _tag: "Stored", revision: stored.revision }))
    })
  }

  /** Deletes the entry that has exactly this revision, if there is one. */
  deleteRevision(revision: number, network = this.#network): void {
    later(network, () => {
      for (const [key, entry] of this.#entries) if (entry.revision === revision) this.#store(key, undefined)
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

  /** Every write that it has, oldest first. */
  get log(): ReadonlyArray<readonly [key: string, entry: StoredEntry<A>]> {
    return this.#history
  }

  /** How many writes it has taken. */
  get writes(): number {
    return this.#history.length
  }

  #breakOff(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers.clear()
  }

  read(key: string, answer: (entry: StoredEntry<A> | undefined) => void, network = this.#network): void {
    later(network, () => {
      const entry = this.#entries.get(key)
      later(network, () => answer(entry))
    })
  }

  /**
   * Everything there is, then everything that happens, in order; `delay` of each message is its own, order is kept. The first values come
   * from a replica that is `behind` by this many writes; the rest follows. `evades` says of an entry that it was
   * replaced before it was read, so that only its successor comes.
   */
  watch(
    onEntry: (key: string, entry: StoredEntry<A>) => void,
    onRead: () => void,
    behind = 0,
    evades = () => false,
    network = this.#network
  ): () => void {
    const watcher = new Watcher<A>(network, onEntry)
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

  #store(key: string, value: A | undefined): StoredEntry<A> {
    const stored = { value, revision: ++this.#revision }
    this.#entries.set(key, stored)
    this.#history.push([key, stored])
    for (const watcher of this.#watchers) watcher.tell(key, stored)
    return stored
  }
}

/** The message arrives after the network's delay, or never. */
export const later = (network: Network, run: () => void): void => {
  const delay = network.delay()
  if (delay !== undefined) network.plan(delay, run)
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
    const delay = this.#network.delay()
    this.#network.plan(delay ?? lostMillis, () => {
      this.#moving = false
      if (delay === undefined) return this.#move()
      // Messages that wait together arrive together.
      const arrived = this.#closed ? [] : this.#queue.splice(0)
      for (const run of arrived) run()
      this.#move()
    })
  }
}

/** Until a lost message is noticed and sent again. */
const lostMillis = 700
