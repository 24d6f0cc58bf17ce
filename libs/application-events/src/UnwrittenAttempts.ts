import type { Attempt } from "./DeliveryStatus.ts"

/** Failed requests to one webhook that are kept until they are written down. */
export const unwrittenMax = 100

/**
 * The attempts that are not in the bucket yet. While that can't be written, failures go on: of too many some in the middle are not counted.
 */
export class UnwrittenAttempts {
  list: ReadonlyArray<Attempt> = []

  note(attempt: Attempt): void {
    // One that was taken makes those before it history.
    if (attempt.error === undefined) this.list = [attempt]
    else if (this.list.length < unwrittenMax) this.list = [...this.list, attempt]
    else {
      const last = this.list.at(-1)!
      this.list = [...this.list.slice(0, -1), { ...attempt, buried: (last.buried ?? 0) + (attempt.buried ?? 0) }]
    }
  }

  /** These are in the bucket; others may have come while they were written. */
  written(attempts: ReadonlyArray<Attempt>): void {
    this.list = this.list.filter((attempt) => !attempts.includes(attempt))
  }
}
