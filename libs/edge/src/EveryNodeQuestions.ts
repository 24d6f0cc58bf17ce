import { leadingBits } from "@roost/dtls"
import type { EdgeLimits } from "./EdgeLimits.ts"
import { GenerationMap } from "./GenerationMap.ts"
import { SharedRate } from "./SharedRate.ts"

type QuestionLimits = Pick<
  EdgeLimits,
  | "ratesMax"
  | "unroutedPeersMax"
  | "unroutedPerSecondMax"
  | "unroutedPerSourceBurstMax"
  | "unroutedPerSourceSecondMax"
  | "unroutedQuietMillis"
>

/** How often every node may be asked about a peer, or about a connection id: each question costs every node. Pure. */
export class EveryNodeQuestions {
  readonly #limits: QuestionLimits
  /** When each peer and each connection id was last asked about. */
  readonly #askedAt: GenerationMap<number | string, number>
  readonly #rate: SharedRate

  constructor(now: number, limits: QuestionLimits) {
    this.#limits = limits
    this.#askedAt = new GenerationMap(limits.unroutedPeersMax)
    this.#rate = new SharedRate(now, {
      perSecondMax: limits.unroutedPerSecondMax,
      perSourceSecondMax: limits.unroutedPerSourceSecondMax,
      perSourceBurstMax: limits.unroutedPerSourceBurstMax,
      sourcesMax: limits.ratesMax
    })
  }

  /**
   * Why the nodes may not be asked about `subject`: the key of the peer, or `subjectOfCid`. It counts as asked where they may be.
   */
  refuse(
    now: number,
    peerKey: number | string,
    subject: number | string
  ): "UnroutedRate" | "UnroutedRepeated" | undefined {
    const askedAt = this.#askedAt.get(subject)
    if (askedAt !== undefined && now - askedAt < this.#limits.unroutedQuietMillis) return "UnroutedRepeated"
    if (!this.#rate.take(now, peerKey)) return "UnroutedRate"
    this.#askedAt.set(subject, now)
    return undefined
  }
}

/** A connection id among the peers that the nodes were asked about: a sender under one can't use up the other's turn. */
export const subjectOfCid = (datagram: Uint8Array, at: number): number => -1 - leadingBits(datagram, at)
