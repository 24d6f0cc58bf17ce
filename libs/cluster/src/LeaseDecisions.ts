import type { LeaseAction } from "./LeaseAction.ts"
import type { LeaseView } from "./LeaseView.ts"
import { countOf } from "./Place.ts"

/** Decides by a `LeaseView`: renews the own record, expires silent nodes, claims partitions and hands them over. */
export class LeaseDecisions {
  readonly #view: LeaseView
  readonly #hasEnded: (process: string) => boolean
  readonly #wallNow: () => number
  #endedLookedAt = -Infinity
  #draining = false
  #standsBy = false
  #drained = false

  constructor(view: LeaseView, hasEnded: (process: string) => boolean, wallNow: () => number) {
    this.#view = view
    this.#hasEnded = hasEnded
    this.#wallNow = wallNow
  }

  drain(now: number): void {
    this.#draining = true
    this.#view.own.renewNow(now)
  }

  /** False if it did so before. */
  standBy(now: number, standsBy: boolean): boolean {
    if (this.#standsBy === standsBy) return false
    this.#standsBy = standsBy
    this.#view.own.renewNow(now)
    return true
  }

  /**
   * For how long `handleTimeout` has nothing to do if this keeper is told nothing else. It is not above 0 if there may
   * be something. Call it again several times per `marginMillis` then.
   */
  quietMillis(now: number): number {
    if (!this.#isSettled) return 0
    const { leaseMillis, marginMillis, renewMillis } = this.#view.timing
    const silentAt = this.#view.members.silentAt(leaseMillis + marginMillis, this.#view.incarnation)
    return Math.min(this.#view.own.dueAt, silentAt, this.#endedLookedAt + renewMillis) - now
  }

  /** All that is wanted at this moment. */
  act(now: number): ReadonlyArray<LeaseAction> {
    if (!this.#drained) {
      const renewal = this.#view.own.renew(now, { leaving: this.#draining || this.#standsBy, ends: this.#isEmptied })
      if (renewal !== undefined) this.#view.wish(renewal)
      this.#doubtBucket(now)
      if (this.#view.own.isServing(now) && this.#view.complete && this.#view.own.verified) {
        this.#expireSilent(now)
        this.#claim(now)
        this.#handOver(now)
      }
      this.#finish()
    }
    return this.#view.takeActions()
  }

  /** A replica that is behind tells the rest at once; what stays older is all that the bucket has. */
  #doubtBucket(now: number): void {
    const since = this.#view.olderSince
    if (since === undefined || !this.#view.complete || now - since <= this.#view.timing.writeMillisMax) return
    this.#view.olderSince = undefined
    if (this.#view.ended.someRevived || this.#view.places.some(({ older }) => older)) this.#view.startAnew(now)
  }

  #expireSilent(now: number): void {
    const { leaseMillis, marginMillis, renewMillis } = this.#view.timing
    const silent = [...this.#view.members.silent(now, leaseMillis + marginMillis)]
    if (now - this.#endedLookedAt >= renewMillis) {
      this.#endedLookedAt = now
      silent.push(...this.#view.members.ended(this.#hasEnded))
    }
    for (const { incarnation, revision } of silent) {
      if (incarnation === this.#view.incarnation || this.#view.expiring.has(incarnation)) continue
      this.#view.expiring.add(incarnation)
      this.#view.wish({ _tag: "DeleteNode", incarnation, revision })
    }
  }

  #claim(now: number): void {
    if (this.#draining || this.#standsBy || now < this.#view.claimsFrom) return
    // Not those that are being loaded: what is claimed meanwhile is loaded together, and buckets are read a few times, not eight.
    let claims = countOf(this.#view.places, "claiming")
    for (let partition = 0; partition < this.#view.places.length; partition++) {
      const place = this.#view.places[partition]!
      if (claims >= this.#view.timing.claimsMax) return
      if (place.waitUntil > now) continue
      // A claim without an answer, and the watch did not tell of it either.
      if (place.stage === "claiming" && place.waitUntil > 0) place.stage = "none"
      if (place.stage !== "none" || this.#view.members.targetOf(partition) !== this.#view.incarnation) continue
      if (place.owner === this.#view.incarnation) {
        // It says that this node owns what it does not: from before it was given back, or a claim whose answer is lost.
        this.#view.free(partition, place)
        continue
      }
      if (place.owner !== "" && !this.#view.ended.has(place.owner)) {
        if (!this.#view.members.has(place.owner)) this.#view.doubt(now, place.owner)
        continue
      }
      place.stage = "claiming"
      place.waitUntil = 0
      claims++
      place.fencingToken = Math.max(place.token + 1, this.#wallNow())
      const { fencingToken: token, revision } = place
      this.#view.wish({ _tag: "WritePartition", partition, revision, owner: this.#view.incarnation, token })
    }
  }

  #handOver(now: number): void {
    if (!this.#draining && now - this.#view.members.changedAt < this.#view.timing.settleMillis) return
    // A node that leaves hands everything over at once: each of its partitions is silent only until the next owner has loaded it.
    const handoversMax = this.#draining ? this.#view.places.length : this.#view.timing.handoversMax
    let handovers = countOf(this.#view.places, "releasing", "freeing")
    for (let partition = 0; partition < this.#view.places.length; partition++) {
      const place = this.#view.places[partition]!
      if (place.stage === "freeing" && place.waitUntil > 0 && place.waitUntil <= now) {
        this.#view.free(partition, place)
      }
      if (handovers >= handoversMax || place.stage !== "serving") continue
      const target = this.#view.members.targetOf(partition)
      if (!this.#draining && (target === undefined || target === this.#view.incarnation)) continue
      place.stage = "releasing"
      handovers++
      this.#view.wish({ _tag: "Release", partition })
    }
  }

  #finish(): void {
    // A renewal on its way could bring the record back: servers of some versions accept it after the deletion (operations.md).
    if (this.#drained || !this.#isEmptied || this.#view.own.isBeingRenewed) return
    this.#drained = true
    const { incarnation, revision } = this.#view.own
    if (revision > 0) this.#view.wish({ _tag: "DeleteNode", incarnation, revision })
    this.#view.wish({ _tag: "Drained" })
  }

  /** Every partition is where it should be, as far as this node can do something about it. */
  get #isSettled(): boolean {
    if (this.#draining || !this.#view.complete || !this.#view.own.verified || this.#view.olderSince !== undefined)
      return false
    const isTarget = (partition: number) => this.#view.members.targetOf(partition) === this.#view.incarnation
    return this.#view.places.every(({ stage }, partition) => stage === (isTarget(partition) ? "serving" : "none"))
  }

  /** Everything is handed over, and nothing is left to do but to leave. */
  get #isEmptied(): boolean {
    return this.#draining && this.#view.places.every(({ stage }) => stage === "none")
  }
}
