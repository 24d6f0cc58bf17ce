import type { Redacted } from "effect"
import { postgresTables } from "./PostgresTables.ts"
import { sqliteTables } from "./SqliteTables.ts"
import type { Tables } from "./Tables.ts"

/** Where the registry keeps what it is told: see `DatabaseSetting`. */
export type Database = { readonly url: Redacted.Redacted } | { readonly file: string }

/**
 * Opens the database beside a registry that may be using it. `alone`: only if none does, and for as long as this is open; it makes the
 * file or the tables where there are none. Rejects with the reason as text.
 */
export const openTables = (database: Database, alone: boolean): Promise<Tables> =>
  "url" in database ? postgresTables(database.url, alone) : sqliteTables(database.file, alone)
