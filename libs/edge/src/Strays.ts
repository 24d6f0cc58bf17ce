import { Allowances } from "@roost/bounded"
import { FrameKind, type PeerAddress } from "@roost/contracts"
import type { EdgeCounters } from "./EdgeCounters.ts"
import type { EdgeLimits } from "./EdgeLimits.ts"
import type { FrameOutbox } from "./FrameOutbox.ts"
import type { HandedOffHandshakes } from "./HandedOffHandshakes.ts"
import { isOfLastFlight } from "./LastFlight.ts"
import { SharedRate } from "./SharedRate.ts"

type StrayLimits = Pick<
  EdgeLimits,
  | "halfQuietMillis"
  | "ratesMax"
  | "straysPerPeerBurstMax"
  | "straysPerPeerSecondMax"
  | "straysPerSecondMax"
  | "straysPerSourceBurstMax"
  | "straysPerSourceSecondMax"
>

/**
 * Datagrams of a client's last flight that came to an edge without the half that they are for. Edges that share a port get the flows of each
 * other whenever one joins or leaves, and a balancer may spread datagrams one by one. So the other edges are told of a stray, and
 * the one that has the half goes on with it. Nothing proves a stray's address, and each costs every edge: there are rates.
 */
export class Strays {
  readonly #counters: EdgeCounters
  readonly #handedOff: HandedOffHandshakes
  readonly #outbox: FrameOutbox
  readonly #quietMillis: number
  readonly #ofPeer: Allowances<number | string>
  readonly #rate: SharedRate

  constructor(options: {
    readonly now: number
    readonly limits: StrayLimits
    readonly counters: EdgeCounters
    readonly handedOff: HandedOffHandshakes
    readonly outbox: FrameOutbox
  }) {
    const { limits, now } = options
    this.#counters = options.counters
    this.#handedOff = options.handedOff
    this.#outbox = options.outbox
    this.#quietMillis = limits.halfQuietMillis
    this.#ofPeer = new Allowances({
      perSecond: limits.straysPerPeerSecondMax,
      burst: limits.straysPerPeerBurstMax,
      max: limits.ratesMax
    })
    this.#rate = new SharedRate(now, {
      perSecondMax: limits.straysPerSecondMax,
      perSourceSecondMax: limits.straysPerSourceSecondMax,
      perSourceBurstMax: limits.straysPerSourceBurstMax,
      sourcesMax: limits.ratesMax
    })
  }

  /**
   * Tells the other edges of a datagram for which this one has no half, or perhaps another half than the one that its client means. It has
   * that where a ClientHello came to two edges, which only Finished could tell.
   */
  tell(now: number, peer: PeerAddress, datagram: Uint8Array): void {
    if (!isOfLastFlight(datagram)) return
    // The rest of a flight whose key exchange was just handed off: another half is looked for when the client repeats it.
    if (this.#handedOff.isNew(now, peer.key, this.#quietMillis)) return
    if (!this.#ofPeer.take(now, peer.key) || !this.#rate.take(now, peer.key)) {
      this.#counters.straysOverRate++
      return
    }
    this.#counters.straysTold++
    this.#outbox.toEveryEdge(FrameKind.Stray, peer, datagram)
  }
}
