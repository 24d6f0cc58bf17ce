import { Redacted } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerPostgresSql, layerSqliteSql } from "../../src/index.ts"

const directory = mkdtempSync(join(tmpdir(), "roost-registry-"))
process.on("exit", () => rmSync(directory, { recursive: true }))

const url = process.env["DATABASE_URL"]

export const onPostgres = url !== undefined

/** The empty PostgreSQL database at DATABASE_URL, or else a SQLite file that goes with the process. */
export const layerDatabase =
  url === undefined ? layerSqliteSql(join(directory, "registry.sqlite")) : layerPostgresSql(Redacted.make(url))
