import { BoundedMap } from "@roost/bounded"

/** How often the same person's refusal is written down. Milliseconds. */
const refusalMillisMin = 60_000
/** People who are remembered for that; of more, the one that came first is forgotten. */
const refusedPeopleMax = 1_000

/** Which refusals of people without a role are new: one who tries in a loop would push everything else out of the audit log. */
export class Refusals {
  readonly #last = new BoundedMap<string, number>(refusedPeopleMax)

  /** `now`: milliseconds, monotonic. */
  isNew(id: string, now: number): boolean {
    const last = this.#last.get(id)
    if (last !== undefined && now - last < refusalMillisMin) return false
    this.#last.set(id, now)
    return true
  }
}
