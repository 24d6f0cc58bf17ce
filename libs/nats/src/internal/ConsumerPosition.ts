import { Effect } from "effect"
import type { Received } from "../PulledMessages.ts"
import type { ReadAgain } from "./ConsumerStart.ts"
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
  #again: ReadAgain | undefined
  #handledUpTo = Infinity
  #onMove: (() => void) | undefined

  /** Keeps the message itself: its place is asked for seldom, and found by reading its reply subject. */
  note(message: Received): void {
    this.#last = message
    this.#onMove?.()
  }

  /** Ends with the next message. One waits at most. */
  readonly moved: Effect.Effect<void> = Effect.callback((resume) => {
    const stop = () => void (this.#onMove = undefined)
    this.#onMove = () => {
      stop()
      resume(Effect.void)
    }
    return Effect.sync(stop)
  })

  /** This process knows only its reads by the consumer that was made then; nothing yet, if that is `anew`. */
  readsBy(madeAt: string, anew: boolean): void {
    if (anew || !this.isOf(madeAt)) {
      this.#last = undefined
      this.#beforeOutage = undefined
    }
    this.#again = undefined
    this.#handledUpTo = Infinity
    this.#madeAt = Date.parse(madeAt)
  }

  isOf(madeAt: string): boolean {
    return Math.abs(this.#madeAt - Date.parse(madeAt)) < madeMillisOff
  }

  /** The oldest place that may have been lost since somebody looked; undefined before the first message. */
  get doubtful(): Place | undefined {
    return this.#beforeOutage ?? this.place
  }

  noteOutage(): void {
    this.#beforeOutage ??= this.place
  }

  noteOutageOver(): void {
    this.#beforeOutage = undefined
  }

  noteTrouble(): void {
    this.#beforeTrouble ??= this.place
  }

  /** True if there is something to read again. `last`: nothing is passed over any more that came before. */
  noteTroubleOver(last: boolean): boolean {
    const place = this.#beforeTrouble
    if (last) this.#beforeTrouble = undefined
    if (place !== undefined) this.readAgain({ _tag: "Since", place })
    return place !== undefined
  }

  readAgain(again: ReadAgain): void {
    this.#again = again
  }

  /** From where a consumer has to read that is made in place of this one. */
  get again(): ReadAgain | undefined {
    return this.#again
  }

  /** The consumer is about to be deleted, and made anew: `handledUpTo` is the sequence up to which it had an ack of every message. */
  replaces(again: ReadAgain, handledUpTo: number): void {
    this.#again = again
    this.#handledUpTo = handledUpTo
  }

  /** Of the consumer that is replaced; infinite while none is known. */
  get handledUpTo(): number {
    return this.#handledUpTo
  }

  /** Of the last message; undefined before the first one. */
  get place(): Place | undefined {
    const last = this.#last
    return last && { sequence: last.seq, storedAt: Math.floor(last.info.timestampNanos / 1e6) }
  }
}
