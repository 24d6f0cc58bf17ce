import { type Allowance, allowance, BoundedMap, FairMap, sourceOf, take } from "@roost/bounded"
import { formatPeerAddress, type StrangerEvent } from "@roost/contracts"
import { codeAndLink } from "@roost/explain"
import { LeftOut } from "./LeftOut.ts"
import { type StrangerLimits, strangerLimits } from "./StrangerLimits.ts"
import type { StrangerRefusal } from "./StrangerRefusal.ts"

interface Waiting {
  readonly at: number
  readonly refusal: StrangerRefusal
  times: number
}

/**
 * The reports of strangers. Of each source its first refusal comes before anybody's repetitions: ten a second for long and
 * never more than twenty in a second. The others are counted in a summary. Plain and synchronous. Every call is O(1), and what
 * it keeps is bounded, whatever comes: it stands where anybody's datagrams end.
 */
export class StrangerReports {
  readonly #node: string
  readonly #limits: StrangerLimits
  /** Addresses that may be forged never displace, nor go before, one that was proven. */
  readonly #proven: Queue
  readonly #unproven: Queue
  readonly #allowance: Allowance
  readonly #leftOut: LeftOut
  #summedAt: number

  /** `node`: the id of this edge or session-actors node. */
  constructor(node: string, now: number, limits: StrangerLimits = strangerLimits) {
    this.#node = node
    this.#limits = limits
    this.#proven = new Queue(limits)
    this.#unproven = new Queue(limits)
    this.#allowance = allowance(now, limits.toldBurst)
    this.#leftOut = new LeftOut(limits)
    this.#summedAt = now
  }

  refused(now: number, refusal: StrangerRefusal): void {
    const left = (refusal.proven ? this.#proven : this.#unproven).add(now, refusal)
    if (left !== undefined) this.#leftOut.add(left.refusal, left.times)
  }

  /** Calls `tell` with what may be told now. */
  flush(now: number, tell: (event: StrangerEvent) => void): void {
    const { keptForFirsts, summaryMillis } = this.#limits
    if (now - this.#summedAt >= summaryMillis) {
      this.#summedAt = now
      if (this.#leftOut.total > 0 && this.#take(now)) {
        tell({ at: now, node: this.#node, ...this.#leftOut.take(summaryMillis) })
      }
    }
    for (;;) {
      const first = this.#proven.waitsFirst ? this.#proven : this.#unproven.waitsFirst ? this.#unproven : undefined
      if (first === undefined) break
      if (!this.#take(now)) return
      this.#tell(first.takeFirst(now), tell)
    }
    for (;;) {
      const other = this.#proven.waitsOther ? this.#proven : this.#unproven.waitsOther ? this.#unproven : undefined
      if (other === undefined || !this.#take(now, keptForFirsts)) return
      this.#tell(other.takeOther(now), tell)
    }
  }

  /** For how long `flush` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    const { summaryMillis, toldPerSecond } = this.#limits
    const waits = this.#proven.waits || this.#unproven.waits
    const next = waits ? 1000 / toldPerSecond : most
    const summary = this.#leftOut.total > 0 ? Math.max(0, this.#summedAt + summaryMillis - now) : most
    return Math.min(most, next, summary)
  }

  #take(now: number, kept = 0): boolean {
    const { toldBurst, toldPerSecond } = this.#limits
    // A cost of 0 brings `left` up to date.
    take(this.#allowance, now, toldPerSecond, toldBurst, 0)
    return this.#allowance.left >= 1 + kept && take(this.#allowance, now, toldPerSecond, toldBurst)
  }

  #tell({ at, refusal, times }: Waiting, tell: (event: StrangerEvent) => void): void {
    const { code, identity, kind, peer, proven, reason } = refusal
    const { reasonLengthMax } = this.#limits
    tell({
      kind,
      ...codeAndLink(code),
      at,
      node: this.#node,
      address: formatPeerAddress(peer),
      proven,
      ...(identity === undefined ? {} : { identity }),
      reason: reason.length > reasonLengthMax ? `${reason.slice(0, reasonLengthMax)}…` : reason,
      ...(times > 1 ? { times } : {})
    })
  }
}

/** Refusals that wait, of sources that are all proven or all not. */
class Queue {
  readonly #limits: StrangerLimits
  /** Until when a source's refusals are repetitions. */
  readonly #knownUntil: BoundedMap<number | string, number>
  readonly #firsts: BoundedMap<number | string, Waiting>
  readonly #others: FairMap<string, Waiting>
  readonly #toldUntil: BoundedMap<string, number>

  constructor(limits: StrangerLimits) {
    this.#limits = limits
    this.#knownUntil = new BoundedMap(limits.knownMax)
    this.#firsts = new BoundedMap(limits.firstsMax)
    this.#others = new FairMap(limits.othersMax, limits.othersPerSourceMax)
    this.#toldUntil = new BoundedMap(limits.knownMax)
  }

  get waitsFirst(): boolean {
    return this.#firsts.size > 0
  }

  get waitsOther(): boolean {
    return this.#others.size > 0
  }

  get waits(): boolean {
    return this.waitsFirst || this.waitsOther
  }

  /** The report that is left out for it: itself, or another one that gave way. */
  add(now: number, refusal: StrangerRefusal): Waiting | undefined {
    const source = sourceOf(refusal.peer.key)
    const first = this.#firsts.get(source)
    if (first !== undefined && isAlike(first.refusal, refusal)) {
      first.times++
      return undefined
    }
    const waiting = { at: now, refusal, times: 1 }
    if (first === undefined && now >= (this.#knownUntil.get(source) ?? 0)) {
      // The source that waits longest keeps its place: a flood of new sources must not push out the ones before it.
      if (this.#firsts.size >= this.#limits.firstsMax) return waiting
      this.#firsts.set(source, waiting)
      return undefined
    }
    const key = nameOf(source, refusal)
    const same = this.#others.get(key)
    if (same !== undefined) {
      same.times++
      return undefined
    }
    if (now < (this.#toldUntil.get(key) ?? 0)) return waiting
    return this.#others.set(source, key, waiting)?.[1]
  }

  takeFirst(now: number): Waiting {
    const [source, waiting] = this.#firsts.oldest()!
    this.#firsts.delete(source)
    this.#knownUntil.set(source, now + this.#limits.knownMillis)
    this.#toldUntil.set(nameOf(source, waiting.refusal), now + this.#limits.knownMillis)
    return waiting
  }

  takeOther(now: number): Waiting {
    const [key, waiting] = this.#others.oldest()!
    this.#others.delete(key)
    this.#toldUntil.set(key, now + this.#limits.knownMillis)
    return waiting
  }
}

const isAlike = (one: StrangerRefusal, other: StrangerRefusal): boolean =>
  one.kind === other.kind && one.identity === other.identity && one.reason === other.reason

/** An installer who mends one thing and meets the next is told of that, too. */
const nameOf = (source: number | string, { identity, kind, reason }: StrangerRefusal): string =>
  `${source} ${kind} ${identity ?? ""} ${digestOf(reason)}`

/** FNV-1a in 32 bits: reasons are long, and 20 000 are remembered. */
const digestOf = (text: string): number => {
  let digest = 0x811c9dc5
  for (let i = 0; i < text.length; i++) digest = Math.imul(digest ^ text.charCodeAt(i), 0x01000193)
  return digest >>> 0
}
