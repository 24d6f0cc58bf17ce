import { FairMap } from "@roost/bounded"

/** Something that came for a partition which is not served yet. */
export interface Mail {
  readonly partition: number
  /** The holder's own copy. */
  readonly body: Uint8Array
}

/** An actor as its partition knows it. */
export interface Owned {
  readonly partition: number
  readonly key: string
}

/** One partition that is this node's. */
export interface OwnedPartition<Actor, M> {
  readonly partition: number
  /** Of the lease: grows with every change of owner. */
  readonly fencingToken: number
  readonly actors: Map<string, Actor>
  /** `loading`: its actors come from the store. `leaving`: they go back to it. */
  stage: "loading" | "ready" | "leaving"
  /** Mail that came while it was loading. */
  held: Array<M>
}

/** Bounds of the mail that is held; more is refused. */
export interface MailLimits {
  /** Pieces for one partition, and their bytes. */
  readonly perPartitionMax: number
  readonly bytesPerPartitionMax: number
  /** Pieces that may be for any partition that is loading. */
  readonly forAnyMax: number
  /** Bytes of all that is held. */
  readonly bytesMax: number
  /** How long a piece is held for a partition that is not this node's yet, in milliseconds. */
  readonly expectedMillisMax: number
}

export const defaultMailLimits: MailLimits = {
  perPartitionMax: 256,
  bytesPerPartitionMax: 128 * 1024,
  forAnyMax: 4096,
  bytesMax: 16 * 1024 * 1024,
  expectedMillisMax: 3_000
}

/** Mail that came for a partition before this node heard that it owns it. */
interface Expected<M> {
  readonly since: number
  readonly held: Array<M>
}

/** The partitions of this node, the actors in them, and the mail of those that are not served yet. */
export class OwnedPartitions<Actor extends Owned, M extends Mail> {
  readonly #limits: MailLimits
  readonly #owned: Array<OwnedPartition<Actor, M> | undefined>
  readonly #expected = new Map<number, Expected<M>>()
  /** May be for any partition that is loading. */
  #forAny: FairMap<number, M>
  #forAnyCount = 0
  #heldBytes = 0
  #loading = 0
  #actors = 0

  /** `partitionCount`: of the cluster; partitions are 0 to that. */
  constructor(partitionCount: number, limits: MailLimits = defaultMailLimits) {
    this.#limits = limits
    this.#owned = Array.from({ length: partitionCount }, () => undefined)
    this.#forAny = new FairMap(limits.forAnyMax)
  }

  /** Partitions that are this node's. */
  get size(): number {
    return this.#owned.reduce((count, owned) => count + (owned === undefined ? 0 : 1), 0)
  }

  /** Those of them whose actors are not all here yet. */
  get loading(): number {
    return this.#loading
  }

  /** Actors of all partitions. */
  get actors(): number {
    return this.#actors
  }

  /** Bytes of mail that is held. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  get(partition: number): OwnedPartition<Actor, M> | undefined {
    return this.#owned[partition]
  }

  /** The partition is this node's, and is loaded from now on. */
  add(now: number, partition: number, fencingToken: number): void {
    this.expire(now)
    const held = this.#expected.get(partition)?.held ?? []
    this.#expected.delete(partition)
    this.#owned[partition] = { partition, fencingToken, actors: new Map(), stage: "loading", held }
    this.#loading++
  }

  /** All of its actors are here. Gives the mail that was held for that. */
  open(owned: OwnedPartition<Actor, M>): ReadonlyArray<M> {
    if (owned.stage !== "loading") return []
    owned.stage = "ready"
    this.#loading--
    const { held } = owned
    owned.held = []
    this.#heldBytes -= bytesOf(held)
    if (this.#loading > 0) return held
    const forAny = Array.from(this.#forAny, ([, mail]) => mail)
    this.#forAny = new FairMap(this.#limits.forAnyMax)
    this.#heldBytes -= bytesOf(forAny)
    return [...held, ...forAny]
  }

  /** The partition and its actors are another node's. */
  remove(owned: OwnedPartition<Actor, M>): void {
    if (this.#owned[owned.partition] !== owned) return
    if (owned.stage === "loading") this.#loading--
    this.#heldBytes -= bytesOf(owned.held)
    this.#owned[owned.partition] = undefined
    this.#actors -= owned.actors.size
  }

  find(partition: number, key: string): Actor | undefined {
    return this.#owned[partition]?.actors.get(key)
  }

  /** False: its partition is not this node's, or has another actor of that key. */
  enter(actor: Actor): boolean {
    const actors = this.#owned[actor.partition]?.actors
    if (actors === undefined || actors.has(actor.key)) return false
    this.#actors++
    actors.set(actor.key, actor)
    return true
  }

  delete(actor: Actor): void {
    const actors = this.#owned[actor.partition]?.actors
    if (actors?.get(actor.key) !== actor) return
    actors.delete(actor.key)
    this.#actors--
  }

  /** Holds mail until its partition is loaded, or for a while if it is not this node's. False: too much is held, or it is served. */
  hold(now: number, mail: M): boolean {
    const { bytesPerPartitionMax, perPartitionMax } = this.#limits
    const owned = this.#owned[mail.partition]
    if (owned !== undefined && owned.stage !== "loading") return false
    const held = owned?.held ?? this.#expect(now, mail.partition).held
    if (held.length >= perPartitionMax || !this.#hasRoom(mail)) return false
    if (bytesOf(held) + mail.body.length > bytesPerPartitionMax) return false
    held.push(mail)
    this.#heldBytes += mail.body.length
    return true
  }

  /**
   * Holds mail until all partitions are loaded: it may be for any. False: too much is held, and the source that has the most lost
   * a piece, or this one was refused.
   */
  holdForAny(source: number | string, mail: M): boolean {
    if (!this.#hasRoom(mail)) return false
    const displaced = this.#forAny.set(source, this.#forAnyCount++, mail)
    this.#heldBytes += mail.body.length - (displaced?.[1].body.length ?? 0)
    return displaced === undefined
  }

  /** Drops mail that was held too long for a partition that did not come. */
  expire(now: number): void {
    for (const [partition, { held, since }] of this.#expected) {
      if (now - since < this.#limits.expectedMillisMax) continue
      this.#heldBytes -= bytesOf(held)
      this.#expected.delete(partition)
    }
  }

  #hasRoom({ body }: M): boolean {
    return this.#heldBytes + body.length <= this.#limits.bytesMax
  }

  #expect(now: number, partition: number): Expected<M> {
    const known = this.#expected.get(partition)
    if (known !== undefined && now - known.since < this.#limits.expectedMillisMax) return known
    this.expire(now)
    const expected = { since: now, held: [] }
    this.#expected.set(partition, expected)
    return expected
  }
}

const bytesOf = (held: Iterable<Mail>): number => {
  let bytes = 0
  for (const { body } of held) bytes += body.length
  return bytes
}
