import { EntryList, type Linked } from "./EntryList.ts"

/** A host, however many ports, connections or identities it uses: see `sourceOf`. */
type Source = number | string

interface Entry<K, V> extends Linked {
  readonly key: K
  value: V
  readonly share: Share<K, V>
  /** Its place among all entries, in the order in which they were set. */
  readonly link: EntryLink<K, V>
}

interface EntryLink<K, V> extends Linked {
  entry: Entry<K, V> | undefined
}

/** The entries of one source. */
interface Share<K, V> extends Linked {
  readonly source: Source
  readonly entries: EntryList<Entry<K, V>>
  count: number
  /** Its place among the sources that take turns. */
  readonly turn: ShareTurn<K, V>
}

interface ShareTurn<K, V> extends Linked {
  share: Share<K, V> | undefined
}

/**
 * At most `max` entries, each of which belongs to a source. When it is full, the source that has the most entries loses its
 * oldest one. A host that fills the table displaces itself, and a source with few entries keeps them. Each call is O(1).
 */
export class FairMap<K, V> {
  readonly max: number
  readonly maxPerSource: number
  readonly #entries = new Map<K, Entry<K, V>>()
  readonly #shares = new Map<Source, Share<K, V>>()
  readonly #order = new EntryList<EntryLink<K, V>>()
  readonly #turns = new EntryList<ShareTurn<K, V>>()
  /** The sources that have so many entries, at the index of the number. */
  readonly #byCount: Array<EntryList<Share<K, V>>> = []
  #largest = 0

  /** Both in entries; without `maxPerSource` one source may fill the table while nobody else wants a place. */
  constructor(max: number, maxPerSource: number = max) {
    this.max = Math.max(1, max)
    this.maxPerSource = Math.max(1, Math.min(max, maxPerSource))
  }

  get size(): number {
    return this.#entries.size
  }

  /** How many sources have entries. */
  get sources(): number {
    return this.#shares.size
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)?.value
  }

  countOf(source: Source): number {
    return this.#shares.get(source)?.count ?? 0
  }

  /**
   * The entry becomes the newest, also where the key was there before, of another source perhaps. Returns the entry that
   * gave way, if one did.
   */
  set(source: Source, key: K, value: V): readonly [K, V] | undefined {
    const known = this.#entries.get(key)
    if (known !== undefined) this.#remove(known)
    const evicted = this.#victim(source)
    if (evicted !== undefined) this.#remove(evicted)
    const share = this.#shareOf(source)
    const link: EntryLink<K, V> = { entry: undefined, previous: undefined, next: undefined }
    const entry: Entry<K, V> = { key, value, share, link, previous: undefined, next: undefined }
    link.entry = entry
    this.#entries.set(key, entry)
    this.#order.append(link)
    share.entries.append(entry)
    this.#count(share, share.count + 1)
    return evicted && [evicted.key, evicted.value]
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#remove(entry)
    return true
  }

  /** The entry that was set the longest time ago, of any source. */
  oldest(): readonly [K, V] | undefined {
    const entry = this.#order.first?.entry
    return entry && [entry.key, entry.value]
  }

  /**
   * Takes out the oldest entry of the source whose turn it is, and the next call another source's. A source with few entries
   * waits for as many others as there are sources, not for as many entries.
   */
  takeTurn(): readonly [K, V] | undefined {
    const turn = this.#turns.first
    const entry = turn?.share?.entries.first
    if (turn === undefined || entry === undefined) return undefined
    this.#remove(entry)
    if (entry.share.count > 0) {
      this.#turns.remove(turn)
      this.#turns.append(turn)
    }
    return [entry.key, entry.value]
  }

  /** Oldest first. The entry that was given out last may be deleted meanwhile; no other may. */
  *[Symbol.iterator](): IterableIterator<readonly [K, V]> {
    for (let link = this.#order.first; link !== undefined;) {
      const next = link.next
      const { key, value } = link.entry!
      yield [key, value]
      link = next as EntryLink<K, V> | undefined
    }
  }

  #victim(source: Source): Entry<K, V> | undefined {
    const own = this.#shares.get(source)
    if (own !== undefined && own.count >= this.maxPerSource) return own.entries.first
    if (this.#entries.size < this.max) return undefined
    // A source that is as large as the largest pays for its own entry.
    const largest = own !== undefined && own.count === this.#largest ? own : this.#byCount[this.#largest]?.first
    return largest?.entries.first
  }

  #shareOf(source: Source): Share<K, V> {
    let share = this.#shares.get(source)
    if (share === undefined) {
      const turn: ShareTurn<K, V> = { share: undefined, previous: undefined, next: undefined }
      share = { source, entries: new EntryList(), count: 0, turn, previous: undefined, next: undefined }
      turn.share = share
      this.#shares.set(source, share)
      this.#turns.append(turn)
    }
    return share
  }

  #remove(entry: Entry<K, V>): void {
    const { share } = entry
    this.#entries.delete(entry.key)
    this.#order.remove(entry.link)
    share.entries.remove(entry)
    this.#count(share, share.count - 1)
    if (share.count > 0) return
    this.#shares.delete(share.source)
    this.#turns.remove(share.turn)
  }

  /** Moves the share to the list of its new count, which differs from the old one by 1. */
  #count(share: Share<K, V>, count: number): void {
    if (share.count > 0) this.#byCount[share.count]!.remove(share)
    share.count = count
    if (count > 0) (this.#byCount[count] ??= new EntryList()).append(share)
    if (count > this.#largest) this.#largest = count
    else if (this.#largest > 0 && this.#byCount[this.#largest]?.first === undefined) this.#largest--
  }
}
