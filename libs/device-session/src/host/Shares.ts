import { FairMap, sourceOf } from "@roost/bounded"
import { partitionCount, partitionOf } from "@roost/contracts"
import { actorKey, DeviceActor } from "../state/DeviceActor.ts"
import type { Held } from "../state/Held.ts"

/** One partition that is this node's. */
export interface Share {
  readonly partition: number
  /** Of the lease: grows with every change of owner. */
  readonly fencingToken: number
  readonly actors: Map<string, DeviceActor>
  /** `loading`: its sessions come from the store. `leaving`: they go back to it. */
  stage: "loading" | "ready" | "leaving"
  /** What came while it was loading. */
  held: Array<Held>
}

/** Entries of frames that wait for one partition to be loaded, and for any partition; more are dropped and counted. */
export const heldPerPartitionMax = 256
export const heldUnroutedMax = 4096
/** Bytes of them: of one partition, and of all with what may belong to any. */
export const heldBytesPerPartitionMax = 128 * 1024
export const heldBytesMax = 16 * 1024 * 1024
/** How long an entry waits for a partition that is not this node's yet; its device sends it again meanwhile. */
export const expectedMillisMax = 3_000

/** What a former owner sent on before the partition came. */
interface Expected {
  readonly since: number
  readonly held: Array<Held>
}

const bytesOf = (held: Iterable<Held>): number => {
  let bytes = 0
  for (const { body } of held) bytes += body.length
  return bytes
}

/** The partitions of this node and the actors in them. */
export class Shares {
  readonly #shares: Array<Share | undefined> = Array.from({ length: partitionCount }, () => undefined)
  readonly #expected = new Map<number, Expected>()
  /** What may belong to any partition that is loading. */
  #unrouted = new FairMap<number, Held>(heldUnroutedMax)
  #unroutedCount = 0
  #heldBytes = 0
  #loading = 0
  #devices = 0

  get devices(): number {
    return this.#devices
  }

  /** Partitions whose sessions are not all here yet. */
  get loading(): number {
    return this.#loading
  }

  get size(): number {
    return this.#shares.reduce((count, share) => count + (share === undefined ? 0 : 1), 0)
  }

  get(partition: number): Share | undefined {
    return this.#shares[partition]
  }

  /** A partition that is to be loaded now. */
  add(now: number, partition: number, fencingToken: number): void {
    this.expire(now)
    const held = this.#expected.get(partition)?.held ?? []
    this.#expected.delete(partition)
    this.#shares[partition] = { partition, fencingToken, actors: new Map(), stage: "loading", held }
    this.#loading++
  }

  /** All of its sessions are here. Gives what waited for that. */
  open(share: Share): ReadonlyArray<Held> {
    if (share.stage !== "loading") return []
    share.stage = "ready"
    this.#loading--
    const held = share.held
    share.held = []
    this.#heldBytes -= bytesOf(held)
    if (this.#loading > 0) return held
    const unrouted = Array.from(this.#unrouted, ([, entry]) => entry)
    this.#unrouted = new FairMap(heldUnroutedMax)
    this.#heldBytes -= bytesOf(unrouted)
    return [...held, ...unrouted]
  }

  remove(share: Share): void {
    if (this.#shares[share.partition] !== share) return
    if (share.stage === "loading") this.#loading--
    this.#heldBytes -= bytesOf(share.held)
    this.#shares[share.partition] = undefined
    this.#devices -= share.actors.size
  }

  /** Keeps an entry until its partition is loaded, or for a while if it is not here. False: too much waits, or it goes away. */
  hold(now: number, entry: Held): boolean {
    const share = this.#shares[entry.partition]
    if (share !== undefined && share.stage !== "loading") return false
    const held = share?.held ?? this.#expect(now, entry.partition).held
    if (held.length >= heldPerPartitionMax || !this.#hasRoom(entry)) return false
    if (bytesOf(held) + entry.body.length > heldBytesPerPartitionMax) return false
    held.push(entry)
    this.#heldBytes += entry.body.length
    return true
  }

  /**
   * Keeps an entry until all partitions are loaded: it may be of any. False: too much waits, and one of the source that has
   * the most was dropped, or this one.
   */
  holdUnrouted(entry: Held): boolean {
    if (!this.#hasRoom(entry)) return false
    const displaced = this.#unrouted.set(sourceOf(entry.peer.key), this.#unroutedCount++, entry)
    this.#heldBytes += entry.body.length - (displaced?.[1].body.length ?? 0)
    return displaced === undefined
  }

  /** Bytes that wait. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Drops what waited too long for a partition that did not come. */
  expire(now: number): void {
    for (const [partition, { held, since }] of this.#expected) {
      if (now - since < expectedMillisMax) continue
      this.#heldBytes -= bytesOf(held)
      this.#expected.delete(partition)
    }
  }

  #hasRoom({ body }: Held): boolean {
    return this.#heldBytes + body.length <= heldBytesMax
  }

  #expect(now: number, partition: number): Expected {
    const known = this.#expectedOf(now, partition)
    if (known !== undefined) return known
    this.expire(now)
    const expected = { since: now, held: [] }
    this.#expected.set(partition, expected)
    return expected
  }

  #expectedOf(now: number, partition: number): Expected | undefined {
    const expected = this.#expected.get(partition)
    return expected !== undefined && now - expected.since < expectedMillisMax ? expected : undefined
  }

  find(productKey: string, deviceKey: string): DeviceActor | undefined {
    return this.#shares[partitionOf(productKey, deviceKey)]?.actors.get(actorKey(productKey, deviceKey))
  }

  /** The device's actor, made if there is none; undefined if its partition is not this node's. */
  actorOf(productKey: string, deviceKey: string): DeviceActor | undefined {
    const partition = partitionOf(productKey, deviceKey)
    const share = this.#shares[partition]
    if (share === undefined) return undefined
    const key = actorKey(productKey, deviceKey)
    const known = share.actors.get(key)
    if (known !== undefined) return known
    const actor = new DeviceActor(productKey, deviceKey, partition)
    share.actors.set(key, actor)
    this.#devices++
    return actor
  }

  delete(actor: DeviceActor): void {
    const actors = this.#shares[actor.partition]?.actors
    const key = actorKey(actor.productKey, actor.deviceKey)
    if (actors?.get(key) !== actor) return
    actors.delete(key)
    this.#devices--
  }
}
