import type { Received } from "../PulledMessages.ts"
import type { Place } from "./Place.ts"

/** After its restart a nats-server says another time than before of when it made a consumer, some milliseconds off. */
const madeMillisOff = 1_000

/** How far a durable consumer came, as this process knows it, and from where it has to read again. */
export class ConsumerPosition {
  /** When the consumer was made by which this process reads. Another one was made by whoever knew where it has to begin. */
  #madeAt = NaN
  #last: Received | undefined
  /** Where it was when the server went away. */
  #beforeOutage: Place | undefined
  /** Where it was when the store began to refuse writes. */
  #beforeTrouble: Place | undefined
  #again: Place | undefined

  /** Keeps the message itself: its place is asked for seldom, and found by reading its reply subject. */
  note(message: Received): void {
    this.#last = message
  }

  /** This process knows only its reads by the consumer that was made then; nothing yet, if that is `anew`. */
  readsBy(madeAt: string, anew: boolean): void {
    if (anew || !this.isOf(madeAt)) {
      this.#last = undefined
      this.#beforeOutage = undefined
    }
    this.#again = undefined
    this.#madeAt = Date.parse(madeAt)
  }

  isOf(madeAt: string): boolean {
    return Math.abs(this.#madeAt - Date.parse(madeAt)) < madeMillisOff
  }

  /** The oldest place that may have been lost since somebody looked; undefined before the first message. */
  get doubtful(): Place | undefined {
    return this.#beforeOutage ?? this.#place
  }

  noteOutage(): void {
    this.#beforeOutage ??= this.#place
  }

  noteOutageOver(): void {
    this.#beforeOutage = undefined
  }

  noteTrouble(): void {
    this.#beforeTrouble ??= this.#place
  }

  /** True if there is something to read again. `last`: nothing is passed over any more that came before. */
  noteTroubleOver(last: boolean): boolean {
    const place = this.#beforeTrouble
    if (last) this.#beforeTrouble = undefined
    if (place !== undefined) this.readAgain(place)
    return place !== undefined
  }

  readAgain(place: Place): void {
    this.#again = place
  }

  /** The place to begin again from, with the consumer that was made then. */
  get again(): Place | undefined {
    return this.#again
  }

  get #place(): Place | undefined {
    const last = this.#last
    return last && { sequence: last.seq, storedAt: Math.floor(last.info.timestampNanos / 1e6) }
  }
}
