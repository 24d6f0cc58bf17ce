import { Redacted } from "effect"
import { rowsAtOnce, type Tables, tablesOf } from "./Tables.ts"
import type { Row, Value } from "./Values.ts"
import { migrations, newerSchema } from "./Migrations.ts"
import { outageText } from "./PostgresOutage.ts"
import { postgresPatience, PostgresPool } from "./PostgresPool.ts"
import { enterMigration, migrateTo } from "./PostgresSql.ts"

/** For a statement: packing the rows of a large table takes its time. */
const statementMillisMax = 600_000

/** A PostgreSQL for a backup; `alone`: no registry is connected to it. */
export const postgresTables = async (url: Redacted.Redacted, alone: boolean): Promise<Tables> => {
  const pool = new PostgresPool(Redacted.value(url), 1, postgresPatience, false)
  try {
    const connection = await pool.within(
      postgresPatience.silenceMillis,
      (connections) => connections.reserve(),
      () => false
    )
    const ask = async (sql: string, values?: ReadonlyArray<Value>): Promise<ReadonlyArray<Row>> => {
      const { rows } = await pool.within(
        statementMillisMax,
        () => connection.query(sql, values),
        () => false
      )
      return rows
    }
    const close = () => pool.end()
    if (alone) {
      const others = await ask(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'roost-registry'"
      )
      if (others.length > 0) {
        await close()
        throw new Error("registries are connected to this database: end them first")
      }
    } else await ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    const [there] = await ask("SELECT to_regclass('roost_schema') IS NOT NULL AS made")
    const [row] = (there!["made"] as unknown) === true ? await ask("SELECT version FROM roost_schema") : []
    return {
      schema: Number(row?.["version"] ?? 0),
      count: async (table) => Number((await ask(`SELECT COUNT(*) AS n FROM ${table}`))[0]!["n"]),
      async *rows(table) {
        // Of many rows, a part at a time: the client would keep all of them.
        await ask(`DECLARE rows NO SCROLL CURSOR FOR SELECT ${(await columnsOf(ask, table)).join()} FROM ${table}`)
        for (;;) {
          const rows = await ask(`FETCH ${rowsAtOnce} FROM rows`)
          if (rows.length === 0) break
          yield rows
        }
        await ask("CLOSE rows")
      },
      fill: async (schema, rowsOf) => {
        if (schema > migrations.length) throw newerSchema(schema)
        await ask("BEGIN")
        try {
          await enterMigration(connection)
          for (const table of [...createdTables, "roost_schema"]) await ask(`DROP TABLE IF EXISTS ${table} CASCADE`)
          await migrateTo(connection, schema)
          for (const table of tablesOf(schema)) {
            for await (const rows of rowsOf(table)) await insert(ask, table, rows)
            await countOn(ask, table)
          }
          await ask("COMMIT")
        } catch (error) {
          await ask("ROLLBACK")
          throw error
        }
      },
      [Symbol.asyncDispose]: close
    }
  } catch (error) {
    await pool.end()
    throw new Error(outageText(error), { cause: error })
  }
}

type Ask = (sql: string, values?: ReadonlyArray<Value>) => Promise<ReadonlyArray<Row>>

/** All that any version of the schema has made. */
const createdTables = migrations.flatMap((step) =>
  [...step({ bytes: "", int64: "", key: "", serial: "", indexesLater: true }).matchAll(/CREATE TABLE (\w+)/g)].map(
    ([, name]) => name!
  )
)

/** Without generated ones. */
const columnsOf = async (ask: Ask, table: string): Promise<ReadonlyArray<string>> => {
  const rows = await ask(
    "SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
    [table]
  )
  return rows.map(({ name }) => String(name))
}

/** Fewer parameters than a statement may have, 65 535. */
const insert = async (ask: Ask, table: string, rows: ReadonlyArray<Row>): Promise<void> => {
  const columns = Object.keys(rows[0] ?? {})
  const places = rows.map((_, row) => `(${columns.map((_, at) => `$${row * columns.length + at + 1}`).join()})`)
  await ask(
    `INSERT INTO ${table} (${columns.join()}) OVERRIDING SYSTEM VALUE VALUES ${places.join()}`,
    rows.flatMap((row) => columns.map((column) => row[column]!))
  )
}

/** Rows that are numbered as they come go on behind the last one. */
const countOn = async (ask: Ask, table: string): Promise<void> => {
  const [numbered] = await ask(
    "SELECT 1 FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'id' AND attidentity <> ''",
    [table]
  )
  if (numbered === undefined) return
  await ask(
    `SELECT setval(pg_get_serial_sequence('${table}', 'id'), COALESCE((SELECT MAX(id) FROM ${table}), 0) + 1, false)`
  )
}
