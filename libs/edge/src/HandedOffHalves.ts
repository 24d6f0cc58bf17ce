import { BoundedMap, FairMap, sourceOf } from "@roost/bounded"
import { FrameKind, type PeerAddress } from "@roost/contracts"

export interface HandedOffLimits {
  /** Halves that are kept; the source with the most loses its oldest when there are more. */
  readonly halvesMax: number
  /** A longer one is not kept: nothing that Roost serves makes one. */
  readonly halfBytesMax: number
  /** How long an owner that was given one is not given it again; twice as long after each time, as devices wait (RFC 6347 §4.2.4.1). */
  readonly halfQuietMillis: number
  readonly millisMax: number
}

/** The halves for the next owner. */
export interface Half {
  readonly kind: typeof FrameKind.RepeatedHalfHandshake | typeof FrameKind.RepeatedResumeHello
  /** The address that a cookie proved. */
  readonly peer: PeerAddress
  readonly body: Uint8Array
}

interface Kept extends Half {
  readonly at: number
  /** The fencing token of the owner that it was handed to; undefined if nobody was known. */
  token: number | undefined
  givenAt: number
  /** Since then. */
  quietMillis: number
}

/**
 * Halves of handshakes that an owner was given and did not confirm yet. They are the key exchange of a full one or the answered
 * hello of a resumption. An owner that dies, or gives its partition up, takes them with it. An owner that could not serve for a
 * moment, or a bus that was away, loses them without a change of owner. So what the device sends again takes the half along,
 * until an owner has confirmed it. Pure.
 */
export class HandedOffHalves {
  readonly #limits: HandedOffLimits
  readonly #kept: FairMap<string, Kept>
  /** Addresses that devices have now, with the ones that they began their handshakes from. */
  readonly #moved: BoundedMap<number | string, number | string>

  constructor(limits: HandedOffLimits) {
    this.#limits = limits
    this.#kept = new FairMap(limits.halvesMax)
    this.#moved = new BoundedMap(Math.min(limits.halvesMax, movedMax))
  }

  get size(): number {
    return this.#kept.size
  }

  /** `half.body` is copied: it lies in memory that many short-lived ones share. `from`: where the device is, if it moved. */
  keep(
    now: number,
    partition: number,
    token: number | undefined,
    { body, kind, peer }: Half,
    from: PeerAddress = peer
  ): void {
    const name = nameOf(kind, partition, peer.key)
    this.#moved.delete(peer.key)
    if (body.length > this.#limits.halfBytesMax) {
      this.#kept.delete(name)
      return
    }
    const quietMillis = this.#limits.halfQuietMillis
    const kept = { kind, peer, body: new Uint8Array(body), at: now, token, givenAt: now, quietMillis }
    this.#kept.set(sourceOf(peer.key), name, kept)
    if (from.key !== peer.key) this.#moved.set(from.key, peer.key)
  }

  /** Whether a half of the peer for the partition is kept for less than `millis`. */
  isNew(now: number, peerKey: number | string, partition: number, millis: number): boolean {
    const proved = this.#moved.get(peerKey) ?? peerKey
    return kinds.some((kind) => {
      const kept = this.#kept.get(nameOf(kind, partition, proved))
      return kept !== undefined && now - kept.at < millis
    })
  }

  /** The owner of the partition has the session. */
  confirmed(peerKey: number | string, partition: number): void {
    for (const kind of kinds) this.#kept.delete(nameOf(kind, partition, peerKey))
  }

  /** The halves that an owner with this token has not been given yet, or not for so long that the device has sent again meanwhile. */
  forOwner(now: number, peerKey: number | string, partition: number, token: number | undefined): ReadonlyArray<Half> {
    const proved = this.#moved.get(peerKey) ?? peerKey
    const due: Array<Half> = []
    for (const kind of kinds) {
      const kept = this.#kept.get(nameOf(kind, partition, proved))
      if (kept === undefined || token === undefined) continue
      const isAnother = kept.token !== token
      if (!isAnother && now - kept.givenAt < kept.quietMillis) continue
      if (now - kept.at > this.#limits.millisMax) {
        this.#kept.delete(nameOf(kind, partition, proved))
        continue
      }
      kept.token = token
      kept.givenAt = now
      kept.quietMillis = isAnother ? this.#limits.halfQuietMillis : 2 * kept.quietMillis
      due.push(kept)
    }
    return due
  }

  /** Forgets those whose time is over. */
  expire(now: number): void {
    for (let oldest = this.#kept.oldest(); oldest !== undefined; oldest = this.#kept.oldest()) {
      if (now - oldest[1].at <= this.#limits.millisMax) return
      this.#kept.delete(oldest[0])
    }
  }
}

type Kind = Half["kind"]

const kinds: ReadonlyArray<Kind> = [FrameKind.RepeatedHalfHandshake, FrameKind.RepeatedResumeHello]

/** The newest of a peer, a partition and a kind is kept. */
const nameOf = (kind: Kind, partition: number, peerKey: number | string): string => `${kind} ${partition} ${peerKey}`

/** A NAT moves few clients within a handshake. */
const movedMax = 4096
