import { partitionCount } from "@roost/contracts"
import { EndedProcesses } from "./EndedProcesses.ts"
import type { LeaseAction, WriteOutcome } from "./LeaseAction.ts"
import { type LeaseTiming } from "./LeaseTiming.ts"
import { Membership } from "./Membership.ts"
import { OwnRecord } from "./OwnRecord.ts"
import { conflicted, countOf, emptyPlace, forgetBucket, missingBy, ownedOf, type Place } from "./Place.ts"

/**
 * Decides which partitions this node owns (ADR 4). Pure: it is told what the bucket LEASES says and what time it is on
 * this node's monotonic clock, and returns what to do. Safe whatever is lost, late or repeated, however long the process is
 * paused, and at any clock offset:
 *
 * - a partition's record changes hands only by compare-and-set, from an owner that gave it back or whose own record is gone;
 * - a node's record is deleted by others only at the very revision that they saw unchanged for longer than its lease, so it
 *   can't be renewed afterwards;
 * - a node stops serving on its own clock before anybody may delete its record (`isServing`);
 * - a node whose record is not as it wrote it forgets everything, waits until every former lease is over, and joins anew: the
 *   bucket went back or was made anew.
 */
export class LeaseKeeper {
  readonly #timing: LeaseTiming
  readonly #hasEnded: (process: string) => boolean
  readonly #wallNow: () => number
  readonly #members = new Membership()
  readonly #places: ReadonlyArray<Place>
  readonly #own: OwnRecord
  /** The bucket has been read to its end since the last interruption. */
  #complete = false
  /** Nothing is claimed before: leases of before the bucket went back may still run. */
  #claimsFrom = -Infinity
  #endedLookedAt = -Infinity
  #rereadAt = -Infinity
  /** When an entry was read that is older than what was known of it. */
  #olderSince: number | undefined
  #draining = false
  #standsBy = false
  #drained = false
  readonly #expiring = new Set<string>()
  readonly #ended = new EndedProcesses()
  /** Owners that no record was met of, with the time of the question whether there is one. */
  readonly #doubted = new Map<string, number>()
  #actions: Array<LeaseAction> = []

  constructor(options: {
    readonly timing: LeaseTiming
    /** A name that no process has had before. */
    readonly newIncarnation: () => string
    /** Whether a process, by the name in its record, is known to have ended: nobody has to wait for its silence. */
    readonly hasEnded?: (process: string) => boolean
    /** Milliseconds since 1970, for fencing tokens: they grow even if the bucket is made anew. Default: always 0. */
    readonly wallNow?: () => number
    /** Default: all of the cluster's. Simulations have fewer. */
    readonly partitions?: number
  }) {
    this.#timing = options.timing
    this.#hasEnded = options.hasEnded ?? (() => false)
    this.#wallNow = options.wallNow ?? (() => 0)
    this.#own = new OwnRecord(options.timing, options.newIncarnation)
    this.#places = Array.from({ length: options.partitions ?? partitionCount }, emptyPlace)
  }

  get incarnation(): string {
    return this.#own.incarnation
  }

  /**
   * Whether this node may serve what it owns. To be asked before every batch: after a pause the process believes that it is
   * still the moment of the pause.
   */
  isServing(now: number): boolean {
    return this.#own.isServing(now)
  }

  /** The announced partitions, with their fencing tokens. */
  get owned(): ReadonlyArray<readonly [partition: number, fencingToken: number]> {
    return ownedOf(this.#places)
  }

  /** Partitions that should be this node's and are not served by it; all of them until it has read of itself in the bucket. */
  get missing(): number {
    if (!this.#complete || !this.#members.has(this.incarnation)) return this.#places.length
    return this.missingBy.values().reduce((sum, count) => sum + count, 0)
  }

  /** The stages and owners of the partitions that are missing, with how many there are of each; for people. */
  get missingBy(): ReadonlyMap<string, number> {
    return missingBy(this.#places, (partition) => this.#members.targetOf(partition) === this.incarnation)
  }

  /** `nodeId` of the node that owns the partition or is about to; undefined if that is this one or nobody is known. */
  destinationOf(partition: number): string | undefined {
    const owner = this.#places[partition]?.owner ?? ""
    const stays = owner !== this.incarnation && this.#members.isStaying(owner)
    const next = stays ? owner : this.#members.targetOf(partition)
    return next === undefined || next === this.incarnation ? undefined : this.#members.nodeIdOf(next)
  }

  get members(): number {
    return this.#members.incarnations.length
  }

  /** The bucket is being read anew: what is known may be out of date. */
  reading(): void {
    this.#complete = false
    this.#ended.reading()
    this.#own.reading()
    this.#members.reading()
    for (const place of this.#places) place.met = false
  }

  /** The bucket has been read to its end. */
  read(now: number): ReadonlyArray<LeaseAction> {
    this.#complete = true
    // Not met: deleted, or written anew while the bucket was read and yet to come, or this is another bucket than before.
    for (const incarnation of this.#members.read()) this.#doubt(now, incarnation)
    for (const place of this.#places) {
      if (place.met || place.stage !== "none") continue
      place.owner = ""
      place.revision = 0
    }
    return this.#act(now)
  }

  nodeSeen(
    now: number,
    incarnation: string,
    record: { readonly nodeId: string; readonly beat: number; readonly leaving: boolean; readonly process?: string },
    revision: number
  ): ReadonlyArray<LeaseAction> {
    // An answer, or a replica, from before it ended; or the bucket went back, and it never did.
    if (this.#ended.has(incarnation)) {
      if (!this.#complete) {
        this.#ended.revive(incarnation)
        this.#foundOlder(now)
      }
      return []
    }
    this.#members.seen(now, incarnation, record, revision)
    const isAnew = incarnation === this.incarnation && this.#own.stored(now, record.beat, revision) === "stored anew"
    if (isAnew) this.#members.heardAnew(now + this.#timing.leaseMillis)
    return this.#act(now)
  }

  /** A node's record is gone. `revision` of the deletion, 0 if it is only known to be missing. */
  nodeGone(now: number, incarnation: string, revision: number): ReadonlyArray<LeaseAction> {
    this.#gone(now, incarnation, revision)
    return this.#act(now)
  }

  #gone(now: number, incarnation: string, revision: number): void {
    this.#expiring.delete(incarnation)
    this.#ended.bury(incarnation)
    if (!this.#members.gone(now, incarnation, revision)) return
    this.#ended.add(incarnation, () => this.#places.map(({ owner }) => owner))
    if (incarnation === this.incarnation && this.#own.revision > 0) this.#fence()
  }

  /** `token`: the revision in records of versions that had none. */
  partitionSeen(
    now: number,
    partition: number,
    owner: string,
    revision: number,
    token = revision
  ): ReadonlyArray<LeaseAction> {
    const place = this.#places[partition]
    if (place === undefined) return []
    // Read anew, a partition that is nobody's business here is as the bucket says, even if it begins again at 1.
    place.met = true
    const isKnown = this.#complete || place.stage !== "none"
    place.older = revision < place.newest
    if (place.older && !this.#complete) this.#foundOlder(now)
    if (isKnown && revision <= place.revision) return []
    const isNews = revision > place.newest
    place.owner = owner
    place.revision = revision
    place.conflicts = 0
    place.newest = Math.max(place.newest, revision)
    place.token = Math.max(place.token, token)
    place.waitUntil = 0
    if (owner === this.incarnation) {
      // The answer to the claim was lost, or is still on its way, or the claim was given up too early.
      if (isNews && (place.stage === "claiming" || place.stage === "none")) this.#acquire(partition, place, token)
    } else if (place.stage === "freeing" || place.stage === "claiming") {
      place.stage = "none"
    } else if (place.stage !== "none") {
      this.#abandon(partition, place)
    }
    return this.#act(now)
  }

  nodeWritten(now: number, beat: number, outcome: WriteOutcome): ReadonlyArray<LeaseAction> {
    const answer = this.#own.written(now, beat, outcome)
    if (answer === "unknown") return []
    if (answer === "stored anew") this.#members.heardAnew(now + this.#timing.leaseMillis)
    return this.#act(now)
  }

  /** Answer to `ReadNode`; "failed" if there was none. */
  nodeRead(
    now: number,
    incarnation: string,
    found:
      | { readonly nodeId: string; readonly beat: number; readonly leaving: boolean; readonly revision: number }
      | "missing"
      | "failed"
  ): ReadonlyArray<LeaseAction> {
    this.#doubted.delete(incarnation)
    if (incarnation !== this.incarnation) {
      if (found === "missing") return this.nodeGone(now, incarnation, 0)
      return found === "failed" ? [] : this.nodeSeen(now, incarnation, found, found.revision)
    }
    const answer = this.#own.found(now, found)
    if (answer === "unknown") return []
    if (answer === "lost") this.#startAnew(now)
    else if (answer === "stored anew") this.#members.heardAnew(now + this.#timing.leaseMillis)
    return this.#act(now)
  }

  partitionWritten(now: number, partition: number, outcome: WriteOutcome): ReadonlyArray<LeaseAction> {
    const place = this.#places[partition]!
    const { stage } = place
    if (stage !== "claiming" && stage !== "freeing") return []
    if (outcome._tag === "Stored") {
      if (outcome.revision > place.revision) {
        place.revision = outcome.revision
        place.newest = Math.max(place.newest, outcome.revision)
        place.owner = stage === "claiming" ? this.incarnation : ""
      }
      if (stage === "claiming" && place.owner === this.incarnation) {
        this.#acquire(partition, place, place.fencingToken)
      } else place.stage = "none"
    } else {
      // The watch tells what it is now; if it has nothing to tell, nothing was stored.
      if (outcome._tag === "Conflict" && conflicted(place)) this.#reread(now)
      place.waitUntil = now + this.#timing.writeMillisMax
    }
    return this.#act(now)
  }

  /** A record of another node could not be deleted at that revision, or nobody answered: it may live. */
  nodeKept(incarnation: string): void {
    this.#expiring.delete(incarnation)
  }

  acquired(now: number, partition: number, fencingToken: number): ReadonlyArray<LeaseAction> {
    const place = this.#places[partition]!
    if (place.stage === "acquiring" && place.fencingToken === fencingToken) place.stage = "serving"
    return this.#act(now)
  }

  released(now: number, partition: number): ReadonlyArray<LeaseAction> {
    const place = this.#places[partition]!
    if (place.stage !== "releasing") return []
    this.#free(partition, place)
    this.#actions.push({ _tag: "Announce" })
    return this.#act(now)
  }

  /** Time passed; call it several times per `marginMillis`, but for the time that `quietMillis` says. */
  handleTimeout(now: number): ReadonlyArray<LeaseAction> {
    return this.#act(now)
  }

  /**
   * For how long `handleTimeout` has nothing to do if this keeper is told nothing else. It is not above 0 if there may
   * be something. Call it again several times per `marginMillis` then.
   */
  quietMillis(now: number): number {
    if (!this.#isSettled) return 0
    const { leaseMillis, marginMillis, renewMillis } = this.#timing
    const silentAt = this.#members.silentAt(leaseMillis + marginMillis, this.incarnation)
    return Math.min(this.#own.dueAt, silentAt, this.#endedLookedAt + renewMillis) - now
  }

  /** Every partition is where it should be, as far as this node can do something about it. */
  get #isSettled(): boolean {
    if (this.#draining || !this.#complete || !this.#own.verified || this.#olderSince !== undefined) return false
    const isTarget = (partition: number) => this.#members.targetOf(partition) === this.incarnation
    return this.#places.every(({ stage }, partition) => stage === (isTarget(partition) ? "serving" : "none"))
  }

  /** Hands everything over; ends with `Drained`. */
  drain(now: number): ReadonlyArray<LeaseAction> {
    this.#draining = true
    this.#own.renewNow(now)
    return this.#act(now)
  }

  /**
   * Whether this node wants no partitions for now and hands over those that it has, as soon as others are there to take them.
   * Something about it is not as it must be.
   */
  standBy(now: number, standsBy: boolean): ReadonlyArray<LeaseAction> {
    if (this.#standsBy === standsBy) return []
    this.#standsBy = standsBy
    this.#own.renewNow(now)
    return this.#act(now)
  }

  #act(now: number): ReadonlyArray<LeaseAction> {
    if (!this.#drained) {
      const renewal = this.#own.renew(now, { leaving: this.#draining || this.#standsBy, ends: this.#isEmptied })
      if (renewal !== undefined) this.#actions.push(renewal)
      this.#doubtBucket(now)
      if (this.isServing(now) && this.#complete && this.#own.verified) {
        this.#expireSilent(now)
        this.#claim(now)
        this.#handOver(now)
      }
      this.#finish()
    }
    const actions = this.#actions
    this.#actions = []
    return actions
  }

  /** A replica that is behind tells the rest at once; what stays older is all that the bucket has. */
  #doubtBucket(now: number): void {
    const since = this.#olderSince
    if (since === undefined || !this.#complete || now - since <= this.#timing.writeMillisMax) return
    this.#olderSince = undefined
    if (this.#ended.someRevived || this.#places.some(({ older }) => older)) this.#startAnew(now)
  }

  /** As after the bucket went back, of which the owner of before may not know yet. */
  #foundOlder(now: number): void {
    const { leaseMillis, marginMillis } = this.#timing
    this.#claimsFrom = Math.max(this.#claimsFrom, now + leaseMillis + marginMillis)
    this.#olderSince = now
  }

  /** Others deleted the record: everything is theirs. This process goes on as a new one. */
  #fence(): void {
    for (let partition = 0; partition < this.#places.length; partition++) {
      const place = this.#places[partition]!
      if (place.stage !== "none") this.#abandon(partition, place)
    }
    this.#own.startAnew()
  }

  /**
   * The own record is not there any more, or is an earlier one. The bucket was made anew or has gone back, and what is known of
   * others may never have been. A node that holds a lease of before finds the same within it.
   */
  #startAnew(now: number): void {
    const { leaseMillis, marginMillis } = this.#timing
    this.#fence()
    this.#own.forgetBucket()
    this.#members.forget(now)
    this.#ended.forget()
    this.#doubted.clear()
    this.#expiring.clear()
    this.#complete = false
    this.#olderSince = undefined
    this.#claimsFrom = now + leaseMillis + marginMillis
    this.#places.forEach(forgetBucket)
    this.#actions.push({ _tag: "Reread" })
  }

  /** The watch told nothing of what stands in the way: it has missed something. */
  #reread(now: number): void {
    if (now - this.#rereadAt < this.#timing.leaseMillis) return
    this.#rereadAt = now
    this.#actions.push({ _tag: "Reread" })
  }

  #expireSilent(now: number): void {
    const { leaseMillis, marginMillis, renewMillis } = this.#timing
    const silent = [...this.#members.silent(now, leaseMillis + marginMillis)]
    if (now - this.#endedLookedAt >= renewMillis) {
      this.#endedLookedAt = now
      silent.push(...this.#members.ended(this.#hasEnded))
    }
    for (const { incarnation, revision } of silent) {
      if (incarnation === this.incarnation || this.#expiring.has(incarnation)) continue
      this.#expiring.add(incarnation)
      this.#actions.push({ _tag: "DeleteNode", incarnation, revision })
    }
  }

  #claim(now: number): void {
    if (this.#draining || this.#standsBy || now < this.#claimsFrom) return
    // Not those that are being loaded: what is claimed meanwhile is loaded together, and buckets are read a few times, not eight.
    let claims = countOf(this.#places, "claiming")
    for (let partition = 0; partition < this.#places.length; partition++) {
      const place = this.#places[partition]!
      if (claims >= this.#timing.claimsMax) return
      if (place.waitUntil > now) continue
      // A claim without an answer, and the watch did not tell of it either.
      if (place.stage === "claiming" && place.waitUntil > 0) place.stage = "none"
      if (place.stage !== "none" || this.#members.targetOf(partition) !== this.incarnation) continue
      if (place.owner === this.incarnation) {
        // It says that this node owns what it does not: from before it was given back, or a claim whose answer is lost.
        this.#free(partition, place)
        continue
      }
      if (place.owner !== "" && !this.#ended.has(place.owner)) {
        if (!this.#members.has(place.owner)) this.#doubt(now, place.owner)
        continue
      }
      place.stage = "claiming"
      place.waitUntil = 0
      claims++
      place.fencingToken = Math.max(place.token + 1, this.#wallNow())
      const { fencingToken: token, revision } = place
      this.#actions.push({ _tag: "WritePartition", partition, revision, owner: this.incarnation, token })
    }
  }

  /** Asks the bucket itself: that a watch did not tell of a record does not prove that there is none. */
  #doubt(now: number, incarnation: string): void {
    const asked = this.#doubted.get(incarnation) ?? -Infinity
    if (incarnation === this.incarnation || now - asked < this.#timing.writeMillisMax) return
    this.#doubted.set(incarnation, now)
    this.#actions.push({ _tag: "ReadNode", incarnation })
  }

  #handOver(now: number): void {
    if (!this.#draining && now - this.#members.changedAt < this.#timing.settleMillis) return
    // A node that leaves hands everything over at once: each of its partitions is silent only until the next owner has loaded it.
    const handoversMax = this.#draining ? this.#places.length : this.#timing.handoversMax
    let handovers = countOf(this.#places, "releasing", "freeing")
    for (let partition = 0; partition < this.#places.length; partition++) {
      const place = this.#places[partition]!
      if (place.stage === "freeing" && place.waitUntil > 0 && place.waitUntil <= now) {
        this.#free(partition, place)
      }
      if (handovers >= handoversMax || place.stage !== "serving") continue
      const target = this.#members.targetOf(partition)
      if (!this.#draining && (target === undefined || target === this.incarnation)) continue
      place.stage = "releasing"
      handovers++
      this.#actions.push({ _tag: "Release", partition })
    }
  }

  #finish(): void {
    // A renewal on its way could bring the record back: servers of some versions accept it after the deletion (operations.md).
    if (this.#drained || !this.#isEmptied || this.#own.isBeingRenewed) return
    this.#drained = true
    const { incarnation, revision } = this.#own
    if (revision > 0) this.#actions.push({ _tag: "DeleteNode", incarnation, revision })
    this.#actions.push({ _tag: "Drained" })
  }

  /** Everything is handed over, and nothing is left to do but to leave. */
  get #isEmptied(): boolean {
    return this.#draining && this.#places.every(({ stage }) => stage === "none")
  }

  #acquire(partition: number, place: Place, token: number): void {
    place.stage = "acquiring"
    place.token = Math.max(place.token, token)
    place.fencingToken = token
    this.#actions.push({ _tag: "Acquire", partition, fencingToken: place.fencingToken }, { _tag: "Announce" })
  }

  #free(partition: number, place: Place): void {
    place.stage = "freeing"
    place.waitUntil = 0
    const { revision, token } = place
    this.#actions.push({ _tag: "WritePartition", partition, revision, owner: "", token })
  }

  #abandon(partition: number, place: Place): void {
    const held = place.stage === "acquiring" || place.stage === "serving" || place.stage === "releasing"
    place.stage = "none"
    if (held) this.#actions.push({ _tag: "Abandon", partition }, { _tag: "Announce" })
  }
}
