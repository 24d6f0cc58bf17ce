import { type Allowance, allowance, Allowances, sourceOf, take } from "@roost/bounded"
import { leadingBits } from "@roost/dtls"
import type { EdgeLimits } from "./EdgeLimits.ts"
import { GenerationMap } from "./GenerationMap.ts"

type QuestionLimits = Pick<
  EdgeLimits,
  | "ratesMax"
  | "unroutedPeersMax"
  | "unroutedPerSecondMax"
  | "unroutedPerSourceBurstMax"
  | "unroutedPerSourceSecondMax"
  | "unroutedQuietMillis"
>

/**
 * How often every node may be asked about a peer, or about a connection id. Each question costs every node, and nothing proves the
 * address of the datagram behind it. So a source pays only where a flood leaves less than half of what there is for all. Pure.
 */
export class EveryNodeQuestions {
  readonly #limits: QuestionLimits
  /** When each peer and each connection id was last asked about. */
  readonly #askedAt: GenerationMap<number | string, number>
  readonly #ofSource: Allowances<number | string>
  readonly #ofAll: Allowance

  constructor(now: number, limits: QuestionLimits) {
    this.#limits = limits
    this.#askedAt = new GenerationMap(limits.unroutedPeersMax)
    this.#ofSource = new Allowances({
      perSecond: limits.unroutedPerSourceSecondMax,
      burst: limits.unroutedPerSourceBurstMax,
      max: limits.ratesMax
    })
    this.#ofAll = allowance(now, limits.unroutedPerSecondMax)
  }

  /**
   * Why the nodes may not be asked about `subject`: the key of the peer, or `subjectOfCid`. It counts as asked where they may be.
   */
  refuse(
    now: number,
    peerKey: number | string,
    subject: number | string
  ): "UnroutedRate" | "UnroutedRepeated" | undefined {
    const { unroutedPerSecondMax, unroutedQuietMillis } = this.#limits
    const askedAt = this.#askedAt.get(subject)
    if (askedAt !== undefined && now - askedAt < unroutedQuietMillis) return "UnroutedRepeated"
    if (!take(this.#ofAll, now, unroutedPerSecondMax, unroutedPerSecondMax)) return "UnroutedRate"
    const isScarce = this.#ofAll.left < unroutedPerSecondMax / 2
    if (isScarce && !this.#ofSource.take(now, sourceOf(peerKey))) {
      this.#ofAll.left++
      return "UnroutedRate"
    }
    this.#askedAt.set(subject, now)
    return undefined
  }
}

/** A connection id among the peers that the nodes were asked about: a sender under one can't use up the other's turn. */
export const subjectOfCid = (datagram: Uint8Array, at: number): number => -1 - leadingBits(datagram, at)
