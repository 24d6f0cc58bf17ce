import type { LeaseAction, WriteOutcome } from "./LeaseAction.ts"
import type { LeaseTiming } from "./LeaseTiming.ts"

/** A write of the own record that was sent and not answered yet; `unsure` once that has taken too long. */
interface Renewal {
  readonly beat: number
  readonly sentAt: number
  unsure: boolean
  /** The bucket was asked what it has. */
  reading: boolean
  askedRevision: number
  /** Sent before the bucket began to be read anew. */
  beforeReading: boolean
}

/** The own record's answer about the renewal that nobody answered. */
export type OwnRecordFound = { readonly beat: number; readonly revision: number } | "missing" | "failed"

/**
 * The record by which this node says that it lives. It serves for as long as the last stored renewal allows, on its own clock from
 * the moment when it sent it. Nobody may delete the record before.
 */
export class OwnRecord {
  readonly #timing: LeaseTiming
  readonly #newIncarnation: () => string
  #incarnation: string
  #revision = 0
  #beat = 0
  #renewal: Renewal | undefined
  #renewAt = -Infinity
  #servesUntil = -Infinity
  /** When it was last stored; undefined while nothing is known of others that is older than this node, or than the bucket. */
  #storedAt: number | undefined
  #verified = false

  constructor(timing: LeaseTiming, newIncarnation: () => string) {
    this.#timing = timing
    this.#newIncarnation = newIncarnation
    this.#incarnation = newIncarnation()
  }

  get incarnation(): string {
    return this.#incarnation
  }

  /** 0 until it is stored. */
  get revision(): number {
    return this.#revision
  }

  /** A renewal was stored that was sent since the bucket is being read: it is the bucket that this node wrote to. */
  get verified(): boolean {
    return this.#verified
  }

  /** A renewal is on its way whose answer may still come in time. */
  get isBeingRenewed(): boolean {
    return this.#renewal?.unsure === false
  }

  isServing(now: number): boolean {
    return now < this.#servesUntil
  }

  /** The bucket is being read anew. */
  reading(): void {
    this.#verified = false
    this.#renewAt = -Infinity
    if (this.#renewal !== undefined) this.#renewal.beforeReading = true
  }

  /** Renews it with the next `renew`. */
  renewNow(now: number): void {
    this.#renewAt = now
  }

  /** The next step for it. `ends`: it is not written again. */
  renew(now: number, options: { readonly leaving: boolean; readonly ends: boolean }): LeaseAction | undefined {
    const { renewMillis, writeMillisMax } = this.#timing
    const renewal = this.#renewal
    if (renewal !== undefined) {
      renewal.unsure ||= now - renewal.sentAt > writeMillisMax
      if (!renewal.unsure || renewal.reading) return undefined
      renewal.reading = true
      renewal.askedRevision = this.#revision
      return { _tag: "ReadNode", incarnation: this.#incarnation }
    }
    if (now < this.#renewAt || options.ends) return undefined
    this.#renewAt = now + renewMillis
    const beat = ++this.#beat
    this.#renewal = { beat, sentAt: now, unsure: false, reading: false, askedRevision: 0, beforeReading: false }
    const { leaving } = options
    return { _tag: "WriteNode", incarnation: this.#incarnation, revision: this.#revision, beat, leaving }
  }

  /** The answer to a write; "unknown" if it was of another write. Else whether the renewal is stored, with `stored`'s answer. */
  written(now: number, beat: number, outcome: WriteOutcome): "unknown" | "unsure" | "stored" | "stored anew" {
    if (this.#renewal?.beat !== beat) return "unknown"
    if (outcome._tag === "Stored") return this.stored(now, beat, outcome.revision)
    this.#renewal.unsure = true
    return "unsure"
  }

  /**
   * The record as it was written with `beat` is stored. "stored anew" after a time in which the store took no renewals: it took
   * nobody's, so others' silence proves nothing. Without this the first that is back would end all others.
   */
  stored(now: number, beat: number, revision: number): "stored" | "stored anew" {
    if (revision > this.#revision) this.#revision = revision
    const renewal = this.#renewal
    if (renewal?.beat !== beat) return "stored"
    const { leaseMillis, marginMillis, renewMillis } = this.#timing
    const wasAway = this.#storedAt !== undefined && now - this.#storedAt > 2 * renewMillis
    this.#storedAt = now
    if (!renewal.beforeReading) this.#verified = true
    this.#servesUntil = Math.max(this.#servesUntil, renewal.sentAt + leaseMillis - marginMillis)
    this.#renewal = undefined
    return wasAway ? "stored anew" : "stored"
  }

  /** The bucket's answer about it, where it was asked. "lost": it is not there any more, or is an earlier one. */
  found(now: number, found: OwnRecordFound): "unknown" | "stored" | "stored anew" | "lost" {
    const renewal = this.#renewal
    if (renewal?.reading !== true) return "unknown"
    renewal.reading = false
    if (found === "failed") return "unknown"
    const isThere = found !== "missing" && found.revision >= renewal.askedRevision
    const answer = isThere ? this.stored(now, found.beat, found.revision) : this.#revision > 0 ? "lost" : "stored"
    this.#renewal = undefined
    return answer
  }

  /** Others deleted the record: this process goes on as a new one. */
  startAnew(): void {
    this.#incarnation = this.#newIncarnation()
    this.#revision = 0
    this.#renewal = undefined
    this.#renewAt = -Infinity
    this.#servesUntil = -Infinity
  }

  /** The bucket is another one: what this node wrote to the former one says nothing of others. */
  forgetBucket(): void {
    this.#storedAt = undefined
  }

  /** When `renew` has something to do. */
  get dueAt(): number {
    const renewal = this.#renewal
    if (renewal === undefined) return this.#renewAt
    if (!renewal.unsure) return renewal.sentAt + this.#timing.writeMillisMax
    // An answer to the question comes in any case.
    return renewal.reading ? Infinity : -Infinity
  }
}
