import type { RequestEnvelope } from "../Request.ts"
import type { Entry } from "./Remembered.ts"
import type { LastBlock } from "./Uploads.ts"

/** A request at the application. */
export interface Work {
  readonly exchange: number
  readonly entry: Entry
  readonly envelope: RequestEnvelope
  /** When the empty ACK is due; Infinity once it was, and for a NON. */
  ackAt: number
  /** A name by which another process can find out whether the request took effect, and the answer if so; empty if it can't. */
  name: string
  reply: Uint8Array
  /** Of a body in blocks. */
  readonly last: LastBlock | undefined
}

/**
 * The requests at the application, oldest first. A list beside the remembered entries and not a field of them. Entries live long,
 * so V8 comes to allocate them in old space together with all that is stored into them. Then every request waited for a full
 * garbage collection. That doubled the cost of a request, 2.6 to 5.6 µs.
 */
export class Working {
  readonly #works: Array<Work> = []

  get size(): number {
    return this.#works.length
  }

  get deadline(): number {
    let at = Infinity
    for (const { ackAt } of this.#works) at = Math.min(at, ackAt)
    return at
  }

  add(work: Work): void {
    this.#works.push(work)
  }

  clear(): void {
    this.#works.length = 0
  }

  find(exchange: number): Work | undefined {
    return this.#works.find((work) => work.exchange === exchange)
  }

  take(exchange: number): Work | undefined {
    const index = this.#works.findIndex((work) => work.exchange === exchange)
    if (index === -1) return undefined
    return index === this.#works.length - 1 ? this.#works.pop() : this.#works.splice(index, 1)[0]
  }

  /** Those whose empty ACK is due; it is taken for sent. */
  takeDueAcks(now: number): ReadonlyArray<Work> {
    const due: Array<Work> = []
    for (const work of this.#works) {
      if (work.ackAt > now) continue
      work.ackAt = Infinity
      due.push(work)
    }
    return due
  }

  /** Those whose empty ACK went out, or is about to. */
  get acknowledged(): ReadonlyArray<Work> {
    return this.#works.filter(({ ackAt, entry }) => ackAt === Infinity && entry.confirmable)
  }

  /** Gives up on an application that has not answered while the client's exchange lasted. */
  expire(now: number): void {
    while (this.#works.length > 0 && this.#works[0]!.entry.expiresAt <= now) this.#works.shift()
  }
}
