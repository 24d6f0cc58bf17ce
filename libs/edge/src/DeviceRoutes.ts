import { BoundedMap } from "@roost/bounded"
import { leadingBits, serverCidBytes } from "@roost/dtls"
import type { EdgeLimits } from "./EdgeLimits.ts"
import { GenerationMap } from "./GenerationMap.ts"

/**
 * The partitions of devices, by connection id and by address, as their owners told them. A cache: a route that is not here costs a
 * question to every node. Pure.
 */
export class DeviceRoutes {
  /** By `leadingBits`: a number hashes without allocating. The partition, with the rest of the connection id beside it. */
  readonly #byCid: GenerationMap<number, number>
  readonly #byPeer: GenerationMap<number | string, number>
  /** Addresses whose owner could verify nothing of what came last: a stranger's forgery, or another device is there now. */
  readonly #doubted: BoundedMap<number | string, true>

  constructor(limits: Pick<EdgeLimits, "routesMax" | "unroutedPeersMax">) {
    this.#byCid = new GenerationMap(limits.routesMax)
    this.#byPeer = new GenerationMap(limits.routesMax)
    this.#doubted = new BoundedMap(limits.unroutedPeersMax)
  }

  get cids(): number {
    return this.#byCid.size
  }

  get peers(): number {
    return this.#byPeer.size
  }

  /** The partition of the connection id that stands at `at`, all 64 bits of it. */
  ofConnectionId(datagram: Uint8Array, at: number): number | undefined {
    const route = this.#byCid.get(leadingBits(datagram, at))
    if (route === undefined || (route & cidRestMask) !== cidRest(datagram, at)) return undefined
    return route >>> cidRestBits
  }

  ofPeer(peerKey: number | string): number | undefined {
    return this.#byPeer.get(peerKey)
  }

  /** Without counting as use. */
  hasPeer(peerKey: number | string): boolean {
    return this.#byPeer.has(peerKey)
  }

  /** A device without a connection id has an empty one, and no such route. */
  setConnectionId(cid: Uint8Array, partition: number): void {
    if (cid.length === serverCidBytes)
      this.#byCid.set(leadingBits(cid, 0), (partition << cidRestBits) | cidRest(cid, 0))
  }

  /** The owner verified a record from there, which ends a doubt. */
  setPeer(peerKey: number | string, partition: number): void {
    this.#byPeer.set(peerKey, partition)
    this.#doubted.delete(peerKey)
  }

  /** The owner has a session at this address, and verified nothing: it displaces no other owner. */
  claimPeer(peerKey: number | string, partition: number): void {
    if (!this.#byPeer.has(peerKey)) this.#byPeer.set(peerKey, partition)
  }

  doubt(peerKey: number | string): void {
    this.#doubted.set(peerKey, true)
  }

  isDoubted(peerKey: number | string): boolean {
    return this.#doubted.has(peerKey)
  }

  endDoubt(peerKey: number | string): void {
    this.#doubted.delete(peerKey)
  }
}

/** The last 12 bits: without them an observer of a connection id could make another one that finds the same route. */
const cidRest = (bytes: Uint8Array, at: number): number => ((bytes[at + 6]! & 0xf) << 8) | bytes[at + 7]!
const cidRestBits = 12
const cidRestMask = 0xfff
