import { BoundedMap } from "@roost/bounded"

/** The same subject is told of once in so many milliseconds. */
const tellMillisMin = 60_000
/** Subjects that are remembered for that; of more, the one that was told of longest ago is forgotten. */
const subjectsMax = 1_000

/** What was told of a moment ago: somebody who tries in a loop would push everything else out of the audit log and the log. */
export class RecentlyTold {
  readonly #last = new BoundedMap<string, number>(subjectsMax)

  /** True: tell of it now. `now`: milliseconds, monotonic. */
  isNews(subject: string, now: number): boolean {
    const last = this.#last.get(subject)
    if (last !== undefined && now - last < tellMillisMin) return false
    this.#last.set(subject, now)
    return true
  }
}
