import { EndedProcesses } from "./EndedProcesses.ts"
import type { LeaseAction } from "./LeaseAction.ts"
import type { LeaseTiming } from "./LeaseTiming.ts"
import { Membership } from "./Membership.ts"
import type { OwnRecord } from "./OwnRecord.ts"
import { emptyPlace, forgetBucket, type Place } from "./Place.ts"

/**
 * The bucket LEASES as this node knows it, and the partitions that it holds by that. `LeaseKeeper` enters what it hears, `LeaseDecisions`
 * what it decides. Both `wish` for actions.
 */
export class LeaseView {
  readonly timing: LeaseTiming
  readonly members = new Membership()
  readonly places: ReadonlyArray<Place>
  readonly own: OwnRecord
  readonly ended = new EndedProcesses()
  /** Records of silent nodes whose deletion is on its way. */
  readonly expiring = new Set<string>()
  /** The bucket has been read to its end since the last interruption. */
  complete = false
  /** Nothing is claimed before: leases of before the bucket went back may still run. */
  claimsFrom = -Infinity
  /** When an entry was read that is older than what was known of it. */
  olderSince: number | undefined
  readonly #actions: Array<LeaseAction> = []
  /** Owners that no record was met of, with the time of the question whether there is one. */
  readonly #doubted = new Map<string, number>()
  #rereadAt = -Infinity

  constructor(timing: LeaseTiming, own: OwnRecord, partitions: number) {
    this.timing = timing
    this.own = own
    this.places = Array.from({ length: partitions }, emptyPlace)
  }

  get incarnation(): string {
    return this.own.incarnation
  }

  wish(...actions: ReadonlyArray<LeaseAction>): void {
    this.#actions.push(...actions)
  }

  /** The wishes since the last call. */
  takeActions(): ReadonlyArray<LeaseAction> {
    return this.#actions.splice(0)
  }

  /** Asked of itself, the bucket has answered. */
  answered(incarnation: string): void {
    this.#doubted.delete(incarnation)
  }

  acquire(partition: number, place: Place, token: number): void {
    place.stage = "acquiring"
    place.token = Math.max(place.token, token)
    place.fencingToken = token
    this.wish({ _tag: "Acquire", partition, fencingToken: place.fencingToken }, { _tag: "Announce" })
  }

  free(partition: number, place: Place): void {
    place.stage = "freeing"
    place.waitUntil = 0
    const { revision, token } = place
    this.wish({ _tag: "WritePartition", partition, revision, owner: "", token })
  }

  abandon(partition: number, place: Place): void {
    const held = place.stage === "acquiring" || place.stage === "serving" || place.stage === "releasing"
    place.stage = "none"
    if (held) this.wish({ _tag: "Abandon", partition }, { _tag: "Announce" })
  }

  /** Asks the bucket itself: that a watch did not tell of a record does not prove that there is none. */
  doubt(now: number, incarnation: string): void {
    const asked = this.#doubted.get(incarnation) ?? -Infinity
    if (incarnation === this.incarnation || now - asked < this.timing.writeMillisMax) return
    this.#doubted.set(incarnation, now)
    this.wish({ _tag: "ReadNode", incarnation })
  }

  /** The watch told nothing of what stands in the way: it has missed something. */
  reread(now: number): void {
    if (now - this.#rereadAt < this.timing.leaseMillis) return
    this.#rereadAt = now
    this.wish({ _tag: "Reread" })
  }

  /** As after the bucket went back, of which the owner of before may not know yet. */
  foundOlder(now: number): void {
    const { leaseMillis, marginMillis } = this.timing
    this.claimsFrom = Math.max(this.claimsFrom, now + leaseMillis + marginMillis)
    this.olderSince = now
  }

  /** Others deleted the record: everything is theirs. This process goes on as a new one. */
  fence(): void {
    for (let partition = 0; partition < this.places.length; partition++) {
      const place = this.places[partition]!
      if (place.stage !== "none") this.abandon(partition, place)
    }
    this.own.startAnew()
  }

  /**
   * The own record is not there any more, or is an earlier one. The bucket was made anew or has gone back, and what is known of
   * others may never have been. A node that holds a lease of before finds the same within it.
   */
  startAnew(now: number): void {
    const { leaseMillis, marginMillis } = this.timing
    this.fence()
    this.own.forgetBucket()
    this.members.forget(now)
    this.ended.forget()
    this.#doubted.clear()
    this.expiring.clear()
    this.complete = false
    this.olderSince = undefined
    this.claimsFrom = now + leaseMillis + marginMillis
    this.places.forEach(forgetBucket)
    this.wish({ _tag: "Reread" })
  }
}
