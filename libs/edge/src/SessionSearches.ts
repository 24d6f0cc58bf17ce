import { type Allowance, allowance, Allowances, FairMap, sourceOf, take } from "@roost/bounded"
import type { PeerAddress } from "@roost/contracts"
import type { EdgeLimits } from "./EdgeLimits.ts"

type SearchLimits = Pick<
  EdgeLimits,
  | "ratesMax"
  | "resumeWaitMillis"
  | "resumesMax"
  | "resumesPerSecondMax"
  | "resumesPerSourceBurstMax"
  | "resumesPerSourceSecondMax"
>

interface SessionSearch {
  readonly peer: PeerAddress
  readonly deadline: number
  /** Nodes that know nothing of the session. */
  readonly unknownTo: Array<string>
}

/**
 * Peers that named a session which every node was asked for (RFC 5246 §7.3). A search ends when a node has the session, when no node
 * has it, or by time. Pure.
 */
export class SessionSearches {
  readonly #limits: SearchLimits
  /** In the order of their deadlines, since all wait equally long. */
  readonly #searches: FairMap<number | string, SessionSearch>
  readonly #ofSource: Allowances<number | string>
  readonly #ofAll: Allowance

  constructor(now: number, limits: SearchLimits) {
    this.#limits = limits
    this.#searches = new FairMap(limits.resumesMax)
    this.#ofSource = new Allowances({
      perSecond: limits.resumesPerSourceSecondMax,
      burst: limits.resumesPerSourceBurstMax,
      max: limits.ratesMax
    })
    this.#ofAll = allowance(now, limits.resumesPerSecondMax)
  }

  get size(): number {
    return this.#searches.size
  }

  /** When the first search ends by time. */
  get deadline(): number | undefined {
    return this.#searches.oldest()?.[1].deadline
  }

  has(peerKey: number | string): boolean {
    return this.#searches.has(peerKey)
  }

  /** Charges the peer's source; false where nothing is left of its rate or of that of all. */
  takeRate(now: number, peerKey: number | string): boolean {
    const { resumesPerSecondMax } = this.#limits
    return (
      this.#ofSource.take(now, sourceOf(peerKey)) && take(this.#ofAll, now, resumesPerSecondMax, resumesPerSecondMax)
    )
  }

  /** Returns the peer whose search gave way, if one did: the oldest of the source with the most. */
  begin(now: number, peer: PeerAddress): PeerAddress | undefined {
    const search = { peer, deadline: now + this.#limits.resumeWaitMillis, unknownTo: [] }
    return this.#searches.set(sourceOf(peer.key), peer.key, search)?.[1].peer
  }

  /** False where there was none. */
  end(peerKey: number | string): boolean {
    return this.#searches.delete(peerKey)
  }

  /** One of `nodes` nodes knows nothing of the session. True once all of them have said so. */
  unknownTo(nodeId: string, peerKey: number | string, nodes: number): boolean {
    const search = this.#searches.get(peerKey)
    if (search === undefined || search.unknownTo.includes(nodeId)) return false
    search.unknownTo.push(nodeId)
    return search.unknownTo.length >= nodes
  }

  /** A peer whose search has lasted too long, until `end`. */
  overdue(now: number): PeerAddress | undefined {
    const oldest = this.#searches.oldest()?.[1]
    return oldest !== undefined && oldest.deadline <= now ? oldest.peer : undefined
  }
}
