import { BoundedMap, sourceOf } from "@roost/bounded"
import { codeAndLink } from "@roost/explain"
import { formatPeerAddress, type StrangerEvent } from "@roost/contracts"
import type { StrangerLimits } from "./StrangerLimits.ts"
import type { StrangerRefusal } from "./StrangerRefusal.ts"

/** Refusals that are not told one by one, counted until the next summary: by kind, and by source for those that had most. */
export class LeftOut {
  readonly #limits: StrangerLimits
  readonly #kinds = new Map<string, number>()
  readonly #sources: BoundedMap<number | string, { last: StrangerRefusal; times: number }>
  total = 0

  constructor(limits: StrangerLimits) {
    this.#limits = limits
    this.#sources = new BoundedMap(limits.countedMax)
  }

  add(refusal: StrangerRefusal, times: number): void {
    this.total += times
    this.#kinds.set(refusal.kind, (this.#kinds.get(refusal.kind) ?? 0) + times)
    const source = sourceOf(refusal.peer.key)
    const known = this.#sources.get(source)
    if (known !== undefined) {
      known.times += times
      known.last = refusal
    } else if (this.#sources.size < this.#limits.countedMax) {
      this.#sources.set(source, { last: refusal, times })
    }
  }

  /** The summary of the last `millis`; counts begin anew. */
  take(millis: number): Omit<StrangerEvent, "at" | "node"> {
    const counted = [...this.#sources].map(([, count]) => count)
    const busiest = counted.toSorted((one, other) => other.times - one.times).slice(0, this.#limits.busiestMax)
    const summary = {
      kind: "not-told",
      ...codeAndLink("strangers-not-told"),
      address: "",
      proven: busiest.some(({ last }) => last.proven),
      reason:
        `${this.total} refusals of the last ${millis / 1000} s are not told one by one: more came than a node tells. ` +
        "Most are repetitions of what was told before; the sources with the most of them are named",
      times: this.total,
      busiest: busiest.map(({ last: { identity, peer }, times }) => {
        const address = formatPeerAddress(peer)
        return identity === undefined ? { address, times } : { address, times, identity }
      }),
      kinds: Object.fromEntries(this.#kinds)
    }
    this.total = 0
    this.#kinds.clear()
    this.#sources.clear()
    return summary
  }
}
