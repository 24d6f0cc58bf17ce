import { FairMap, sourceOf } from "@roost/bounded"
import type { PeerAddress } from "@roost/contracts"
import type { PendingHandshake, PendingResumption, Session } from "@roost/dtls"
import type { PskIdentity } from "@roost/enos"
import type { CachedPsk, DeviceFacts } from "./DeviceActor.ts"
import type { EdgeLink } from "./EdgeLinks.ts"

/** Keys of a product and of a device. */
export interface NamedDevice {
  readonly productKey: string
  readonly deviceKey: string
}

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
  /** The device that it names, which can be read even where the rest of the identity is wrong. */
  readonly named: NamedDevice | undefined
  /** The registry knows that device. */
  registered: boolean
  /** A reason was told to operators. */
  told: boolean
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
  /** In mode 3, the version of the device's own secret. */
  deviceCredentialVersion?: number
  /** The secret is shorter than the registry takes today. */
  secretTooShort?: true
  /** Why it can't succeed: the key that it was given is random (design §2.2). */
  refusal: string | undefined
  /** Set when the registry answered. */
  facts: DeviceFacts | undefined
}

/**
 * Handshakes in progress by peer address. When there are too many, the source with the most loses its oldest (IPv4 address,
 * IPv6 network), and expiry looks at one end only (conformance D14, F2: gauges return to zero).
 */
export class Handshakes {
  readonly #byPeer: FairMap<number | string, HandshakeInProgress>
  readonly #millisMax: number

  constructor(max: number, millisMax: number) {
    this.#byPeer = new FairMap(max)
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
    const { key } = handshake.peer
    return this.#byPeer.set(sourceOf(key), key, handshake)?.[1]
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
    for (const [key, handshake] of this.#byPeer) {
      if (handshake.partition === partition) this.#byPeer.delete(key)
    }
  }

  expire(now: number, expired: (handshake: HandshakeInProgress) => void): void {
    for (let oldest = this.#byPeer.oldest(); oldest !== undefined; oldest = this.#byPeer.oldest()) {
      const [key, handshake] = oldest
      if (now - handshake.startedAt < this.#millisMax) return
      this.#byPeer.delete(key)
      expired(handshake)
    }
  }
}
