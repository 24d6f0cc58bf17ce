import { partitionCount } from "@roost/contracts"
import type { LeaseAction, WriteOutcome } from "./LeaseAction.ts"
import { LeaseDecisions } from "./LeaseDecisions.ts"
import { type LeaseTiming } from "./LeaseTiming.ts"
import { LeaseView } from "./LeaseView.ts"
import { OwnRecord } from "./OwnRecord.ts"
import { conflicted, missingBy, ownedOf } from "./Place.ts"

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
 *
 * It hears; `LeaseView` is what it knows by that, and `LeaseDecisions` decides.
 */
export class LeaseKeeper {
  readonly #view: LeaseView
  readonly #decisions: LeaseDecisions

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
    const own = new OwnRecord(options.timing, options.newIncarnation)
    this.#view = new LeaseView(options.timing, own, options.partitions ?? partitionCount)
    this.#decisions = new LeaseDecisions(this.#view, options.hasEnded ?? (() => false), options.wallNow ?? (() => 0))
  }

  get incarnation(): string {
    return this.#view.own.incarnation
  }

  /**
   * Whether this node may serve what it owns. To be asked before every batch: after a pause the process believes that it is
   * still the moment of the pause.
   */
  isServing(now: number): boolean {
    return this.#view.own.isServing(now)
  }

  /** The announced partitions, with their fencing tokens. */
  get owned(): ReadonlyArray<readonly [partition: number, fencingToken: number]> {
    return ownedOf(this.#view.places)
  }

  /** Partitions that should be this node's and are not served by it; all of them until it has read of itself in the bucket. */
  get missing(): number {
    if (!this.#view.complete || !this.#view.members.has(this.incarnation)) return this.#view.places.length
    return this.missingBy.values().reduce((sum, count) => sum + count, 0)
  }

  /** The stages and owners of the partitions that are missing, with how many there are of each; for people. */
  get missingBy(): ReadonlyMap<string, number> {
    return missingBy(this.#view.places, (partition) => this.#view.members.targetOf(partition) === this.incarnation)
  }

  /** `nodeId` of the node that owns the partition or is about to; undefined if that is this one or nobody is known. */
  destinationOf(partition: number): string | undefined {
    const owner = this.#view.places[partition]?.owner ?? ""
    const stays = owner !== this.incarnation && this.#view.members.isStaying(owner)
    const next = stays ? owner : this.#view.members.targetOf(partition)
    return next === undefined || next === this.incarnation ? undefined : this.#view.members.nodeIdOf(next)
  }

  get members(): number {
    return this.#view.members.incarnations.length
  }

  /** The bucket is being read anew: what is known may be out of date. */
  reading(): void {
    this.#view.complete = false
    this.#view.ended.reading()
    this.#view.own.reading()
    this.#view.members.reading()
    for (const place of this.#view.places) place.met = false
  }

  /** The bucket has been read to its end. */
  read(now: number): ReadonlyArray<LeaseAction> {
    this.#view.complete = true
    // Not met: deleted, or written anew while the bucket was read and yet to come, or this is another bucket than before.
    for (const incarnation of this.#view.members.read()) this.#view.doubt(now, incarnation)
    for (const place of this.#view.places) {
      if (place.met || place.stage !== "none") continue
      place.owner = ""
      place.revision = 0
    }
    return this.#decisions.act(now)
  }

  nodeSeen(
    now: number,
    incarnation: string,
    record: { readonly nodeId: string; readonly beat: number; readonly leaving: boolean; readonly process?: string },
    revision: number
  ): ReadonlyArray<LeaseAction> {
    // An answer, or a replica, from before it ended; or the bucket went back, and it never did.
    if (this.#view.ended.has(incarnation)) {
      if (!this.#view.complete) {
        this.#view.ended.revive(incarnation)
        this.#view.foundOlder(now)
      }
      return []
    }
    this.#view.members.seen(now, incarnation, record, revision)
    const isAnew =
      incarnation === this.incarnation && this.#view.own.stored(now, record.beat, revision) === "stored anew"
    if (isAnew) this.#view.members.heardAnew(now + this.#view.timing.leaseMillis)
    return this.#decisions.act(now)
  }

  /** A node's record is gone. `revision` of the deletion, 0 if it is only known to be missing. */
  nodeGone(now: number, incarnation: string, revision: number): ReadonlyArray<LeaseAction> {
    this.#gone(now, incarnation, revision)
    return this.#decisions.act(now)
  }

  #gone(now: number, incarnation: string, revision: number): void {
    this.#view.expiring.delete(incarnation)
    this.#view.ended.bury(incarnation)
    if (!this.#view.members.gone(now, incarnation, revision)) return
    this.#view.ended.add(incarnation, () => this.#view.places.map(({ owner }) => owner))
    if (incarnation === this.incarnation && this.#view.own.revision > 0) this.#view.fence()
  }

  /** `token`: the revision in records of versions that had none. */
  partitionSeen(
    now: number,
    partition: number,
    owner: string,
    revision: number,
    token = revision
  ): ReadonlyArray<LeaseAction> {
    const place = this.#view.places[partition]
    if (place === undefined) return []
    // Read anew, a partition that is nobody's business here is as the bucket says, even if it begins again at 1.
    place.met = true
    const isKnown = this.#view.complete || place.stage !== "none"
    place.older = revision < place.newest
    if (place.older && !this.#view.complete) this.#view.foundOlder(now)
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
      if (isNews && (place.stage === "claiming" || place.stage === "none")) this.#view.acquire(partition, place, token)
    } else if (place.stage === "freeing" || place.stage === "claiming") {
      place.stage = "none"
    } else if (place.stage !== "none") {
      this.#view.abandon(partition, place)
    }
    return this.#decisions.act(now)
  }

  nodeWritten(now: number, beat: number, outcome: WriteOutcome): ReadonlyArray<LeaseAction> {
    const answer = this.#view.own.written(now, beat, outcome)
    if (answer === "unknown") return []
    if (answer === "stored anew") this.#view.members.heardAnew(now + this.#view.timing.leaseMillis)
    return this.#decisions.act(now)
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
    this.#view.answered(incarnation)
    if (incarnation !== this.incarnation) {
      if (found === "missing") return this.nodeGone(now, incarnation, 0)
      return found === "failed" ? [] : this.nodeSeen(now, incarnation, found, found.revision)
    }
    const answer = this.#view.own.found(now, found)
    if (answer === "unknown") return []
    if (answer === "lost") this.#view.startAnew(now)
    else if (answer === "stored anew") this.#view.members.heardAnew(now + this.#view.timing.leaseMillis)
    return this.#decisions.act(now)
  }

  partitionWritten(now: number, partition: number, outcome: WriteOutcome): ReadonlyArray<LeaseAction> {
    const place = this.#view.places[partition]!
    const { stage } = place
    if (stage !== "claiming" && stage !== "freeing") return []
    if (outcome._tag === "Stored") {
      if (outcome.revision > place.revision) {
        place.revision = outcome.revision
        place.newest = Math.max(place.newest, outcome.revision)
        place.owner = stage === "claiming" ? this.incarnation : ""
      }
      if (stage === "claiming" && place.owner === this.incarnation) {
        this.#view.acquire(partition, place, place.fencingToken)
      } else place.stage = "none"
    } else {
      // The watch tells what it is now; if it has nothing to tell, nothing was stored.
      if (outcome._tag === "Conflict" && conflicted(place)) this.#view.reread(now)
      place.waitUntil = now + this.#view.timing.writeMillisMax
    }
    return this.#decisions.act(now)
  }

  /** A record of another node could not be deleted at that revision, or nobody answered: it may live. */
  nodeKept(incarnation: string): void {
    this.#view.expiring.delete(incarnation)
  }

  acquired(now: number, partition: number, fencingToken: number): ReadonlyArray<LeaseAction> {
    const place = this.#view.places[partition]!
    if (place.stage === "acquiring" && place.fencingToken === fencingToken) place.stage = "serving"
    return this.#decisions.act(now)
  }

  released(now: number, partition: number): ReadonlyArray<LeaseAction> {
    const place = this.#view.places[partition]!
    if (place.stage !== "releasing") return []
    this.#view.free(partition, place)
    this.#view.wish({ _tag: "Announce" })
    return this.#decisions.act(now)
  }

  /** Time passed; call it several times per `marginMillis`, but for the time that `quietMillis` says. */
  handleTimeout(now: number): ReadonlyArray<LeaseAction> {
    return this.#decisions.act(now)
  }

  /**
   * For how long `handleTimeout` has nothing to do if this keeper is told nothing else. It is not above 0 if there may
   * be something. Call it again several times per `marginMillis` then.
   */
  quietMillis(now: number): number {
    return this.#decisions.quietMillis(now)
  }

  /** Hands everything over; ends with `Drained`. */
  drain(now: number): ReadonlyArray<LeaseAction> {
    this.#decisions.drain(now)
    return this.#decisions.act(now)
  }

  /**
   * Whether this node wants no partitions for now and hands over those that it has, as soon as others are there to take them.
   * Something about it is not as it must be.
   */
  standBy(now: number, standsBy: boolean): ReadonlyArray<LeaseAction> {
    return this.#decisions.standBy(now, standsBy) ? this.#decisions.act(now) : []
  }
}
