/** The fields of an entry of an `EntryList`, beside its own. An entry is in one list at a time. */
export interface Linked {
  previous: Linked | undefined
  next: Linked | undefined
}

/** A doubly linked list whose links are in the entries: append, remove and first are O(1) and allocate nothing. */
export class EntryList<E extends Linked> {
  #first: E | undefined
  #last: E | undefined

  get first(): E | undefined {
    return this.#first
  }

  append(entry: E): void {
    entry.previous = this.#last
    entry.next = undefined
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
  }

  /** `entry` is in this list. */
  remove(entry: E): void {
    const { next, previous } = entry
    if (previous === undefined) this.#first = next as E | undefined
    else previous.next = next
    if (next === undefined) this.#last = previous as E | undefined
    else next.previous = previous
    entry.previous = undefined
    entry.next = undefined
  }

  clear(): void {
    this.#first = undefined
    this.#last = undefined
  }
}
