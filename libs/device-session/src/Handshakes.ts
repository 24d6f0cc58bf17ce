import type { PeerAddress } from "@roost/contracts"
import type { PendingHandshake, PendingResumption, Session } from "@roost/dtls"
import type { PskIdentity } from "@roost/enos"
import type { CachedPsk, DeviceFacts } from "./DeviceActor.ts"
import type { EdgeLink } from "./EdgeLinks.ts"

/** A handshake that an edge handed over and whose Finished did not verify yet. */
export interface HandshakeInProgress {
  readonly peer: PeerAddress
  readonly edge: EdgeLink
  /** Undefined once a full handshake is verified: what waits for the store should be small. */
  pending: PendingHandshake | PendingResumption | undefined
  /** The session to be, once the handshake is verified. */
  verified?: Session
  /** Undefined if the identity could not be read. */
  readonly identity: PskIdentity | undefined
  readonly startedAt: number
  readonly partition: number
  /** `storing`: verified, and answered as soon as the session is stored (design §2.3). */
  stage: "needsKey" | "asked" | "keyed" | "storing"
  /** What came with its Finished or while it was stored. */
  early?: Array<Uint8Array>
  /** The key it was given. */
  psk?: Uint8Array
  /** It was the actor's. */
  cached?: CachedPsk
  /** Set while the product's former secret is still good: its version. */
  previousVersion?: number
  /** Why it can't succeed: the key that it was given is random (design §2.2). */
  refusal: string | undefined
  /** Set when the registry answered. */
  facts: DeviceFacts | undefined
}

/**
 * Handshakes in progress by peer address, oldest first, so that the oldest gives way when there are too many and
 * expiry looks at one end only (conformance D14, F2: gauges return to zero).
 */
export class Handshakes {
  readonly #byPeer = new Map<number | string, HandshakeInProgress>()
  readonly #max: number
  readonly #millisMax: number

  constructor(max: number, millisMax: number) {
    this.#max = max
    this.#millisMax = millisMax
  }

  get size(): number {
    return this.#byPeer.size
  }

  get(peer: PeerAddress): HandshakeInProgress | undefined {
    return this.#byPeer.get(peer.key)
  }

  /** Enters a handshake, which replaces an older one of the same peer. Returns the one that had to give way, if any. */
  add(handshake: HandshakeInProgress): HandshakeInProgress | undefined {
    this.#byPeer.delete(handshake.peer.key)
    const oldest = this.#byPeer.size >= this.#max ? this.#byPeer.values().next().value : undefined
    if (oldest !== undefined) this.#byPeer.delete(oldest.peer.key)
    this.#byPeer.set(handshake.peer.key, handshake)
    return oldest
  }

  /** False if another handshake of the same peer took its place meanwhile. */
  isCurrent(handshake: HandshakeInProgress): boolean {
    return this.#byPeer.get(handshake.peer.key) === handshake
  }

  remove(handshake: HandshakeInProgress): void {
    if (this.isCurrent(handshake)) this.#byPeer.delete(handshake.peer.key)
  }

  /** Forgets those of a partition that is another node's now. */
  dropPartition(partition: number): void {
    for (const handshake of this.#byPeer.values()) {
      if (handshake.partition === partition) this.#byPeer.delete(handshake.peer.key)
    }
  }

  expire(now: number, expired: (handshake: HandshakeInProgress) => void): void {
    for (const handshake of this.#byPeer.values()) {
      if (now - handshake.startedAt < this.#millisMax) return
      this.#byPeer.delete(handshake.peer.key)
      expired(handshake)
    }
  }
}
