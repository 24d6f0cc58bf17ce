import type { Tuning } from "./Tuning.ts"

interface Confirmable {
  readonly exchange: number
  readonly messageId: number
  readonly bytes: Uint8Array
  /** When the next transmission is due; Infinity while NSTART keeps the first one back. */
  dueAt: number
  timeoutMillis: number
  /** Transmissions so far. */
  sent: number
}

/** A CON that is due: once more on its way, or given up after MAX_TRANSMIT_WAIT. */
export interface Due {
  readonly exchange: number
  readonly bytes: Uint8Array
  readonly givenUp: boolean
}

/**
 * The CONs that one endpoint has sent and that wait for an ACK. Retransmission has exponential back-off (RFC 7252 §4.2) and
 * NSTART (§4.7), timers as data.
 */
export class Confirmables {
  readonly #tuning: Tuning
  readonly #random: () => number
  readonly #waiting: Array<Confirmable> = []

  constructor(tuning: Tuning, random: () => number) {
    this.#tuning = tuning
    this.#random = random
  }

  get size(): number {
    return this.#waiting.length
  }

  get bytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  get deadline(): number {
    return this.#waiting.reduce((at, { dueAt }) => Math.min(at, dueAt), Infinity)
  }

  /** Takes a CON over; `bytes` must stay as they are. Call `release` next: it says what may be sent. */
  add(exchange: number, messageId: number, bytes: Uint8Array): void {
    this.#waiting.push({ exchange, messageId, bytes, dueAt: Infinity, timeoutMillis: 0, sent: 0 })
  }

  /** The next CON to send now, if NSTART allows one. */
  release(now: number): Uint8Array | undefined {
    const next = this.#waiting.find(({ sent }) => sent === 0)
    if (next === undefined) return undefined
    if (this.#waiting.filter(({ sent }) => sent > 0).length >= this.#tuning.nstart) return undefined
    const { ackTimeoutMillis, ackRandomFactor } = this.#tuning
    next.timeoutMillis = ackTimeoutMillis * (1 + this.#random() * (ackRandomFactor - 1))
    next.dueAt = now + next.timeoutMillis
    next.sent = 1
    return next.bytes
  }

  /** The exchange that the message id of an ACK or RST belongs to. */
  exchangeOf(messageId: number): number | undefined {
    return this.#waiting.find((confirmable) => confirmable.messageId === messageId && confirmable.sent > 0)?.exchange
  }

  /** Ends the wait: ACK or RST has come, or the response itself, which stands for the ACK (RFC 7252 §5.2.2). */
  conclude(exchange: number): void {
    const index = this.#waiting.findIndex((confirmable) => confirmable.exchange === exchange)
    if (index !== -1) this.#waiting.splice(index, 1)
  }

  /** Gives up on the one that has waited longest; its exchange. One waits at least. */
  dropOldest(): number {
    return this.#waiting.shift()!.exchange
  }

  handleTimeout(now: number): ReadonlyArray<Due> {
    const due = this.#waiting.filter(({ dueAt }) => dueAt <= now)
    return due.map((confirmable) => {
      const { exchange, bytes } = confirmable
      const givenUp = confirmable.sent > this.#tuning.maxRetransmit
      if (givenUp) this.conclude(exchange)
      confirmable.sent += 1
      confirmable.timeoutMillis *= 2
      confirmable.dueAt = now + confirmable.timeoutMillis
      return { exchange, bytes, givenUp }
    })
  }
}
