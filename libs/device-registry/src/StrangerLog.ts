import { BoundedMap, FairMap, sourceOf } from "@roost/bounded"
import {
  type EventCursor,
  type EventQuery,
  formatPeerAddress,
  parseHostPort,
  peerHost,
  type Stranger
} from "@roost/contracts"

/** Refusals of strangers that are kept of those who proved their address, and of the others, whose address may be forged. */
export const strangersMax = { proven: 5_000, unproven: 2_000, summaries: 500 } as const

/** An operator's search. */
export interface StrangerQuery extends EventQuery {
  /** With or without a port; RFC 4291 in any spelling. */
  readonly address: string | undefined
  /** Part of the identity as it is shown. */
  readonly identity: string | undefined
}

/**
 * The newest refusals of strangers, in memory: nothing that strangers do is written to the database that look-ups of keys
 * wait for. A source that has the most entries loses its oldest one, so that a flood displaces itself.
 */
export class StrangerLog {
  readonly #proven = new FairMap<number, Stranger>(strangersMax.proven)
  readonly #unproven = new FairMap<number, Stranger>(strangersMax.unproven)
  readonly #summaries = new BoundedMap<number, Stranger>(strangersMax.summaries)

  get size(): number {
    return this.#proven.size + this.#unproven.size + this.#summaries.size
  }

  add(stranger: Stranger): void {
    const peer = parseHostPort(stranger.address)
    if (peer === undefined) this.#summaries.set(stranger.id, stranger)
    else (stranger.proven ? this.#proven : this.#unproven).set(sourceOf(peer.key), stranger.id, stranger)
  }

  /** Newest first, by the time of each: several nodes tell of strangers. */
  list({ address, before, from = 0, identity, kind, limit, to = Infinity }: StrangerQuery): ReadonlyArray<Stranger> {
    const isHere = address === undefined ? () => true : addressMatcher(address)
    const isNamed = (text: string | undefined) => identity === undefined || text?.includes(identity) === true
    const found: Array<Stranger> = []
    for (const log of [this.#proven, this.#unproven, this.#summaries]) {
      for (const [, stranger] of log) {
        if (before !== undefined && newestFirst(stranger, before) <= 0) continue
        if (stranger.at < from || stranger.at >= to || (kind !== undefined && stranger.kind !== kind)) continue
        const { busiest = [] } = stranger
        const matches =
          (isHere(stranger.address) && isNamed(stranger.identity)) ||
          busiest.some((source) => isHere(source.address) && isNamed(source.identity))
        if (matches) found.push(stranger)
      }
    }
    return found.toSorted(newestFirst).slice(0, limit)
  }

  clear(): void {
    for (const log of [this.#proven, this.#unproven, this.#summaries]) {
      for (const [id] of log) log.delete(id)
    }
  }
}

const newestFirst = (one: EventCursor, other: EventCursor): number => other.at - one.at || other.id - one.id

/** Whether an address as it is shown is the one that is looked for. */
export const addressMatcher = (wanted: string): ((shown: string) => boolean) => {
  const peer = parseHostPort(wanted)
  if (peer === undefined) return () => false
  const text = formatPeerAddress(peer)
  if (hasPort(wanted)) return (shown) => shown === text
  const host = peerHost(peer)
  return (shown) => {
    const other = parseHostPort(shown)
    return other !== undefined && peerHost(other) === host
  }
}

const hasPort = (text: string): boolean => /^\[.*\]:\d+$/.test(text) || /^[^:]+:\d+$/.test(text)
