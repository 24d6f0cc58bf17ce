import { BoundedMap, FairMap, sourceOf } from "@roost/bounded"
import type { PeerAddress } from "@roost/contracts"
import { connectionIdAt, leadingBits, type PendingHandshake, PendingResumption, type Session } from "@roost/dtls"
import type { PskIdentity } from "@roost/enos"
import type { CachedPsk, DeviceFacts } from "../state/DeviceFacts.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"

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
  /** The one of the same peer that this one stepped in front of: the peer may not know that there is another. */
  former?: HandshakeInProgress | undefined
  /** Where its last datagram came from, if not from `peer`: its NAT gave it another port. Nothing proved that address. */
  movedTo?: { readonly peer: PeerAddress; readonly edge: EdgeLink; readonly bytes: number }
  readonly startedAt: number
  readonly partition: number
  /**
   * `needsKey`: until its Finished comes, and again while the registry does not answer. `storing`: verified, and answered as
   * soon as the session is stored. `expired`: given up, and the registry is asked whose events are to tell of it.
   */
  stage: "needsKey" | "asked" | "keyed" | "storing" | "expired"
  /** What came with its Finished or while it was stored. */
  early?: Array<Uint8Array>
  /** The key it was given. */
  psk?: Uint8Array
  /** It was the actor's. */
  cached?: CachedPsk
  /** `ProductProfiles.versionOf` when the registry was asked. */
  productVersion?: number
  /** Set while the product's former secret is still good: its version. */
  previousVersion?: number
  /** A former owner had it before, and may have gone on with it. */
  readonly repeated?: boolean
  /** In mode 3, the version of the device's own secret. */
  deviceCredentialVersion?: number
  /** The secret is shorter than the registry takes today. */
  secretTooShort?: true
  /** What its wrong key comes of: asked for, or the text that was told. */
  wrongKey?: "asked" | string | undefined
  /** Why it can't succeed: the key that it was given is random (contract §7.21). */
  refusal: string | undefined
  /** Set when the registry answered. */
  facts: DeviceFacts | undefined
}

/**
 * Handshakes in progress by peer address and by the connection id that they are to have. When there are too many, the source
 * that has the most (an IPv4 address, an IPv6 network) loses its oldest; expiry looks at one end only (D14, F2:
 * gauges return to zero).
 */
export class Handshakes {
  readonly #byPeer: FairMap<number | string, HandshakeInProgress>
  readonly #byCid = new Map<number, HandshakeInProgress>()
  /** By addresses from which a datagram with its connection id came. */
  readonly #moved: BoundedMap<number | string, HandshakeInProgress>
  readonly #millisMax: number

  constructor(max: number, millisMax: number) {
    this.#byPeer = new FairMap(max)
    this.#moved = new BoundedMap(Math.min(max, movedMax))
    this.#millisMax = millisMax
  }

  get size(): number {
    return this.#byPeer.size
  }

  get(peer: PeerAddress): HandshakeInProgress | undefined {
    return this.#byPeer.get(peer.key)
  }

  /** Whether the full handshake, each alternative of it, is one of the peer's. */
  has(peer: PeerAddress, { sessionIds }: PendingHandshake): boolean {
    const newest = this.#byPeer.get(peer.key)
    const own = [newest, newest?.former].flatMap((handshake) =>
      handshake === undefined ? [] : sessionIdsOf(handshake)
    )
    return sessionIds.every((sessionId) => own.some((known) => Buffer.compare(known, sessionId) === 0))
  }

  /** Whether the resumption that `half` is of is one of the peer's. */
  hasResumption(peer: PeerAddress, half: Uint8Array): boolean {
    const newest = this.#byPeer.get(peer.key)
    return [newest, newest?.former].some(
      (handshake) => handshake?.pending instanceof PendingResumption && handshake.pending.isHalf(half)
    )
  }

  /**
   * The one that a datagram is for: its address's, or the one whose connection id it or an earlier datagram from there has
   * (RFC 9146 §6).
   */
  find(edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): HandshakeInProgress | undefined {
    const own = this.#byPeer.get(peer.key)
    if (own !== undefined || this.#byCid.size === 0) return own
    const at = connectionIdAt(datagram)
    const moved = at === undefined ? this.#moved.get(peer.key) : this.#byCid.get(leadingBits(datagram, at))
    if (moved === undefined || !this.isCurrent(moved)) return undefined
    if (at !== undefined) this.#moved.set(peer.key, moved)
    moved.movedTo = { peer, edge, bytes: datagram.length }
    return moved
  }

  /**
   * Enters a handshake, in front of an older one of the same peer, which is still tried: a late copy of a ClientHello begins
   * one that its client knows nothing of. Returns the one that had to give way, if any.
   */
  add(handshake: HandshakeInProgress): HandshakeInProgress | undefined {
    const { key } = handshake.peer
    const former = this.#byPeer.get(key)
    if (former !== undefined) {
      this.#forgetCid(former.former)
      former.former = undefined
      handshake.former = former
    }
    const displaced = this.#byPeer.set(sourceOf(key), key, handshake)?.[1]
    if (displaced !== undefined) this.#forget(displaced)
    const bits = cidBitsOf(handshake)
    if (bits !== undefined) this.#byCid.set(bits, handshake)
    return displaced
  }

  /** False if it was given up, or if two newer ones of the same peer came. */
  isCurrent(handshake: HandshakeInProgress): boolean {
    const newest = this.#byPeer.get(handshake.peer.key)
    return newest === handshake || (newest !== undefined && newest.former === handshake)
  }

  remove(over: object): void {
    const handshake = over as HandshakeInProgress
    const newest = this.#byPeer.get(handshake.peer.key)
    if (newest === handshake) this.#delete(handshake.peer.key, handshake)
    else if (newest?.former === handshake) {
      newest.former = undefined
      this.#forgetCid(handshake)
    }
  }

  /** Forgets those of a partition that is another node's now. */
  dropPartition(partition: number): void {
    for (const [key, handshake] of this.#byPeer) if (handshake.partition === partition) this.#delete(key, handshake)
  }

  expire(now: number, expired: (handshake: HandshakeInProgress) => void): void {
    for (let oldest = this.#byPeer.oldest(); oldest !== undefined; oldest = this.#byPeer.oldest()) {
      const [key, handshake] = oldest
      if (now - handshake.startedAt < this.#millisMax) return
      this.#delete(key, handshake)
      expired(handshake)
    }
  }

  #delete(key: number | string, handshake: HandshakeInProgress): void {
    this.#byPeer.delete(key)
    this.#forget(handshake)
  }

  #forget(handshake: HandshakeInProgress): void {
    this.#forgetCid(handshake)
    this.#forgetCid(handshake.former)
  }

  #forgetCid(handshake: HandshakeInProgress | undefined): void {
    const bits = handshake && cidBitsOf(handshake)
    if (bits !== undefined && this.#byCid.get(bits) === handshake) this.#byCid.delete(bits)
  }
}

const sessionIdsOf = ({ pending, verified }: HandshakeInProgress): ReadonlyArray<Uint8Array> => {
  if (verified !== undefined) return [verified.sessionId]
  if (pending === undefined) return []
  return "sessionIds" in pending ? pending.sessionIds : [pending.sessionId]
}

/** `leadingBits` of the connection id that its records have. */
const cidBitsOf = ({ pending, verified }: HandshakeInProgress): number | undefined => {
  const cid = verified?.readCid ?? (pending && connectionIdOf(pending))
  return cid === undefined || cid.length === 0 ? undefined : leadingBits(cid, 0)
}

/** The id that the client is to put in its records; empty if there is none. */
export const connectionIdOf = (pending: PendingHandshake | PendingResumption): Uint8Array =>
  "agreement" in pending ? pending.agreement.serverCid : pending.session.readCid

/** Addresses that are remembered as those of moved clients: a NAT moves few within a handshake. */
const movedMax = 4096

export const namedBy = ({ deviceKey, productKey }: Partial<NamedDevice>): NamedDevice | undefined =>
  productKey === undefined || deviceKey === undefined ? undefined : { productKey, deviceKey }

/** Asked about where no device is named: no key is empty. */
export const nobody: NamedDevice = { productKey: "", deviceKey: "" }
