import type { Effect } from "effect"

/** Writes a list: a table, keys alone, or one document whose items come page by page. */
export interface ListWriter {
  readonly page: (items: ReadonlyArray<unknown>) => Effect.Effect<void>
  /** `nextCursor`: of what was not listed. */
  readonly end: (nextCursor: string | undefined) => Effect.Effect<void>
}

export interface ListForm {
  readonly items: string
  readonly key: ReadonlyArray<string>
  /** Of the table. */
  readonly columns: ReadonlyArray<string>
  /** All that an item may have, for CSV, whose heading stands before the items are known; the columns where that is not known. */
  readonly fields?: ReadonlyArray<string> | undefined
}
