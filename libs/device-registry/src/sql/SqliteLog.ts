import { Effect, Exit } from "effect"
import type { DatabaseSync } from "node:sqlite"
import { checkpoint, type CheckpointMode, type LogPages } from "./LogPages.ts"

/**
 * Pages of 4 KiB in the log before they are written to their places: 32 MiB. A handshake changes a page or two anywhere in the
 * file. With SQLite's 1 000 each batch of them was written twice, a sixth of its cost.
 */
const logPagesMax = 8_000
/** Then SQLite moves them as part of a write: the other thread is behind, or gone. */
export const logPagesAtLast = 4 * logPagesMax
const lookMillis = 250

/**
 * The log of a SQLite file, whose pages another thread moves to their places. 8 000 take 15 ms of CPU, 32 MiB of writes and a sync. A
 * registry that did it by itself let every handshake wait for it.
 */
export class SqliteLog {
  readonly #db: DatabaseSync
  readonly #moveElsewhere: Effect.Effect<boolean>
  readonly #pagesMax: number
  #look: NodeJS.Timeout | undefined
  #moving = false

  /** `moveElsewhere` runs `moveLog` in the other thread, and says whether all is moved. */
  constructor(db: DatabaseSync, moveElsewhere: Effect.Effect<boolean>, pagesMax = logPagesMax) {
    this.#db = db
    this.#moveElsewhere = moveElsewhere
    this.#pagesMax = pagesMax
  }

  /** Something was written. */
  written(): void {
    if (this.#look !== undefined) return
    this.#look = setTimeout(() => {
      this.#look = undefined
      this.#moveWhatIsDue()
    }, lookMillis).unref()
  }

  #moveWhatIsDue(): void {
    if (this.#moving) return
    const pages = this.#try("NOOP")
    if (pages === undefined || pages.log - pages.moved < this.#pagesMax) return
    this.#moving = true
    Effect.runCallback(this.#moveElsewhere, {
      onExit: (exit) => {
        this.#moving = false
        // Few came meanwhile. SQLite begins its log anew only once none is left, or the file would grow. A thread that failed is asked
        // again after the next write.
        if (Exit.isSuccess(exit) && !exit.value) this.#try("PASSIVE")
      }
    })
  }

  /** Of a disk that fails the next write tells. */
  #try(mode: CheckpointMode): LogPages | undefined {
    try {
      return this.#db.isOpen ? checkpoint(this.#db, mode) : undefined
    } catch {
      return undefined
    }
  }
}
