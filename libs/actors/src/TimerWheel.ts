/** Milliseconds of one tick: a timer fires never before its deadline and at most this much after it. */
export const tickMillis = 100

/** Slots of one level; each level's slot is as long as the whole level below: 25.6 s, 1.8 h, 19 days. */
const slots = 256
const levels = 3
const slotBits = 8

/** The furthest deadline that is kept as it is; a later one fires at this distance and is set again. */
export const horizonMillis = slots ** levels * tickMillis

/**
 * A timed item extends this: the links are on the item, so a timer costs its five fields and nothing else. Ticks are
 * counted from the wheel's start, so that they stay small integers, which V8 keeps in the object.
 */
export class Timed {
  /** When it is to fire; -1 if it is not set. */
  deadlineTick = -1
  /** The tick whose slot it hangs in; -1 if in none. At most `deadlineTick`: moving a deadline later only writes it. */
  queuedTick = -1
  /** The slot that it heads or hangs in. */
  slot = 0
  previous: Timed | undefined = undefined
  next: Timed | undefined = undefined
}

/**
 * Deadlines of millions of items without a timer of the runtime for any of them (R4, C21). Pure: `advance`
 * is told the time. Setting a later deadline, which every record of a device does, is one comparison and one write. The
 * item is looked at again when its old slot comes up.
 */
export class TimerWheel<T extends Timed> {
  readonly #slots: Array<Timed | undefined> = Array.from({ length: slots * levels }, () => undefined)
  #start: number
  #tick = 0
  /** Items that hang in a slot. */
  #size = 0

  /** `start`: milliseconds on the clock that `set` and `advance` use. */
  constructor(start: number) {
    this.#start = start
  }

  get size(): number {
    return this.#size
  }

  /** Fires `item` at `deadline` (milliseconds) instead of whenever it was set to fire before. */
  set(item: T, deadline: number): void {
    const tick = Math.max(this.#tick + 1, Math.ceil((deadline - this.#start) / tickMillis))
    item.deadlineTick = tick
    if (item.queuedTick >= 0) {
      if (item.queuedTick <= tick) return
      this.#unlink(item)
    }
    this.#link(item)
  }

  cancel(item: T): void {
    item.deadlineTick = -1
    if (item.queuedTick >= 0) this.#unlink(item)
  }

  /** Calls `fire` for every item whose deadline is at or before `now`; `fire` may set and cancel any item. */
  advance(now: number, fire: (item: T) => void): void {
    const target = Math.floor((now - this.#start) / tickMillis)
    while (this.#tick < target) {
      if (this.#size === 0) {
        this.#tick = target
        return
      }
      this.#tick++
      this.#cascade()
      const slot = this.#tick & (slots - 1)
      for (let item = this.#slots[slot]; item !== undefined; item = this.#slots[slot]) {
        this.#unlink(item)
        if (item.deadlineTick < 0) continue
        if (item.deadlineTick > this.#tick) this.#link(item)
        else {
          item.deadlineTick = -1
          fire(item as T)
        }
      }
    }
  }

  /** The clock was set back to `now`: deadlines stay where they are on it, and `advance` goes on from there. */
  rewind(now: number): void {
    const items: Array<readonly [item: Timed, deadline: number]> = []
    for (const head of this.#slots) {
      for (let item = head; item !== undefined; item = item.next) {
        items.push([item, this.#start + item.deadlineTick * tickMillis])
      }
    }
    for (const [item] of items) this.#unlink(item)
    this.#start = now
    this.#tick = 0
    for (const [item, deadline] of items) this.set(item as T, deadline)
  }

  /**
   * For how many milliseconds after `now` nothing fires if nothing is set; `most` if that is longer. Never too long: an
   * item that was moved to a later deadline, or a coarser slot that comes down, counts as one that fires.
   */
  quietMillis(now: number, most: number): number {
    if (this.#size === 0) return most
    const end = Math.floor((now - this.#start + most) / tickMillis)
    let tick = this.#tick + 1
    while (tick <= end && (tick & (slots - 1)) !== 0 && this.#slots[tick & (slots - 1)] === undefined) tick++
    return Math.max(0, Math.min(most, this.#start + tick * tickMillis - now))
  }

  /** Brings the items of a coarser slot down when the finer level has gone round. */
  #cascade(): void {
    for (let level = 1; level < levels; level++) {
      if ((this.#tick & ((1 << (slotBits * level)) - 1)) !== 0) return
      const slot = level * slots + ((this.#tick >> (slotBits * level)) & (slots - 1))
      let item = this.#slots[slot]
      this.#slots[slot] = undefined
      while (item !== undefined) {
        const next: Timed | undefined = item.next
        item.previous = undefined
        item.next = undefined
        item.queuedTick = -1
        this.#size--
        if (item.deadlineTick >= 0) this.#link(item)
        item = next
      }
    }
  }

  #link(item: Timed): void {
    // An item due at the very tick that cascades it down belongs to the slot that is served right after.
    const distance = Math.max(0, item.deadlineTick - this.#tick)
    const bounded = Math.min(distance, slots ** levels - 1)
    const tick = this.#tick + bounded
    const level = bounded < slots ? 0 : bounded < slots * slots ? 1 : 2
    const index = level * slots + ((tick >> (slotBits * level)) & (slots - 1))
    const head = this.#slots[index]
    item.queuedTick = tick
    item.previous = undefined
    item.next = head
    if (head !== undefined) head.previous = item
    this.#slots[index] = item
    item.slot = index
    this.#size++
  }

  #unlink(item: Timed): void {
    if (item.previous === undefined) this.#slots[item.slot] = item.next
    else item.previous.next = item.next
    if (item.next !== undefined) item.next.previous = item.previous
    item.previous = undefined
    item.next = undefined
    item.queuedTick = -1
    this.#size--
  }
}
