import { type ProcessSummary, summarySilenceMillisMax } from "@roost/contracts"

/** Processes that are remembered; those that were heard of longest ago give way. */
export const processesMax = 1_000

/** Over how long rates are taken, milliseconds. */
const rateMillis = 5_000

interface Heard {
  summary: ProcessSummary
  /** On the monotonic clock. */
  at: number
  /** The summaries of the last `rateMillis` and the one before, oldest first. */
  readonly before: Array<{ readonly at: number; readonly summary: ProcessSummary }>
}

/** A process that told of itself lately, and what it did per second since the summaries that are remembered. */
export interface HeardProcess {
  readonly summary: ProcessSummary
  /** Milliseconds ago. */
  readonly ago: number
  readonly rate: (count: (summary: ProcessSummary) => number) => number
}

/** The last summaries of Roost's processes. Pure: the time comes with each call, in milliseconds of a monotonic clock. */
export class HeardProcesses {
  readonly #heard = new Map<string, Heard>()

  handle(now: number, summary: ProcessSummary): void {
    const key = `${summary.app} ${summary.node}`
    const known = this.#heard.get(key)
    // The latest last.
    this.#heard.delete(key)
    // A process that was started again under its name counts from the start.
    const before = known === undefined || known.summary.since !== summary.since ? [] : known.before
    before.push({ at: now, summary })
    while (before.length > 2 && before[1]!.at <= now - rateMillis) before.shift()
    this.#heard.set(key, { summary, at: now, before })
    for (const [oldest] of this.#heard) {
      if (this.#heard.size <= processesMax) break
      this.#heard.delete(oldest)
    }
  }

  /** By app and node. */
  current(now: number): ReadonlyArray<HeardProcess> {
    for (const [key, { at }] of this.#heard) if (now - at > summarySilenceMillisMax) this.#heard.delete(key)
    return [...this.#heard]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { at, before, summary }]) => ({ summary, ago: now - at, rate: (count) => rateOf(before, count) }))
  }
}

const rateOf = (summaries: Heard["before"], count: (summary: ProcessSummary) => number): number => {
  const [first] = summaries
  const last = summaries.at(-1)
  if (first === undefined || last === undefined || last.at <= first.at) return 0
  return Math.max(0, ((count(last.summary) - count(first.summary)) / (last.at - first.at)) * 1_000)
}
