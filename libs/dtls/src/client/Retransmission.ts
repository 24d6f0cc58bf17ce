import type { RetransmissionTiming } from "./ClientOptions.ts"
import type { Transmit } from "./ClientOutput.ts"

/** Makes the flight's datagrams anew for each transmission, counted from 1: record numbers are never used twice. */
export type FlightSender = (transmission: number) => ReadonlyArray<Transmit>

/** The timer of one flight at a time (RFC 6347 §4.2.4): doubled after each transmission, given up after the last. */
export class Retransmission {
  readonly #timing: RetransmissionTiming
  #send: FlightSender | undefined
  #transmissions = 0
  #timeoutMillis = 0
  #deadline: number | undefined

  constructor(timing: RetransmissionTiming) {
    this.#timing = timing
  }

  /** When to call `handleTimeout`; undefined if no flight waits for its answer. */
  get deadline(): number | undefined {
    return this.#deadline
  }

  start(now: number, send: FlightSender): ReadonlyArray<Transmit> {
    this.#send = send
    this.#transmissions = 0
    this.#timeoutMillis = this.#timing.initialMillis
    return this.#transmit(now, send)
  }

  handleTimeout(now: number): ReadonlyArray<Transmit> | "GivenUp" {
    if (this.#send === undefined || this.#deadline === undefined || now < this.#deadline) return []
    if (this.#transmissions >= this.#timing.transmissionsMax) return "GivenUp"
    this.#timeoutMillis = Math.min(this.#timing.maxMillis, this.#timeoutMillis * 2)
    return this.#transmit(now, this.#send)
  }

  stop(): void {
    this.#send = undefined
    this.#deadline = undefined
  }

  #transmit(now: number, send: FlightSender): ReadonlyArray<Transmit> {
    const transmission = ++this.#transmissions
    this.#deadline = now + this.#timeoutMillis
    return send(transmission)
  }
}
