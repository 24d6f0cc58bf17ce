import { RequestWrites } from "@roost/contracts"
import { Health } from "@roost/observability"
import { Effect, Layer, Option, Redacted, Schedule } from "effect"
import type { DeviceIndex } from "../search/DeviceIndex.ts"
import { openPostgresSearch, type SearchSession } from "../search/PostgresSearch.ts"
import { lookUpsMax, searchingMax, transactionsMax } from "../Limits.ts"
import { migrations, newerSchema } from "./Migrations.ts"
import { mayBeMended, outageText, placeOf } from "./PostgresOutage.ts"
import type { PostgresConnection } from "./PostgresConnection.ts"
import type { Holds, PostgresConnections, Session } from "./PostgresConnections.ts"
import { type PostgresPatience, postgresPatience, PostgresPool } from "./PostgresPool.ts"
import { type Section, sections, Sql, type SqlTransaction, storableValues, type Value } from "./Sql.ts"

const startAgain = Schedule.spaced("1 second")
/** First half of Roost's advisory locks: "roos". */
const lockSpace = 0x726f6f73

/** PostgreSQL 13 or newer, shared by any number of instances. `url`: `postgres://user:password@host/database`. */
export const layerPostgresSql = (
  url: Redacted.Redacted,
  patience: PostgresPatience = postgresPatience
): Layer.Layer<Sql> =>
  Layer.effect(
    Sql,
    Effect.gen(function* () {
      const open = (max: number, timed?: boolean) =>
        Effect.acquireRelease(
          Effect.sync(() => new PostgresPool(Redacted.value(url), max, patience, timed)),
          (pool) => Effect.promise(() => pool.end())
        )
      yield* Effect.scoped(
        Effect.gen(function* () {
          const why = yield* registerWhy(url)
          const pool = yield* open(1, false)
          yield* Effect.tryPromise({
            try: async () => {
              // A migration may take an hour; what takes connections and says nothing is no PostgreSQL, or hangs.
              await pool.within(pool.silenceMillis, (connections, holds) => connections.query(holds, "SELECT 1"), never)
              await pool.within(migrationMillisMax, (connections, holds) => connections.begin(holds, migrate), never)
            },
            catch: (error) => error
          }).pipe(
            Effect.tapError((error) => Effect.sync(() => why.failed(error))),
            // A registry that starts before its database waits for it; `/readyz` and the log say so.
            Effect.retry({ schedule: startAgain, while: mayBeMended }),
            Effect.orDie
          )
        })
      )
      yield* Effect.logInfo(`keeps devices in PostgreSQL at ${placeOf(url)}`)
      const aside = yield* open(searchingMax, false)
      const index = yield* openPostgresSearch(searchSession(aside), (work) => unlessBusy(aside, "search", work))
      return make(yield* open(transactionsMax), yield* open(lookUpsMax), index)
    })
  )

/** Until the database is up to date the registry is not ready, and says why. */
const registerWhy = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const health = yield* Effect.serviceOption(Health)
  let why = "it did not answer yet"
  if (Option.isSome(health)) yield* health.value.register("database", () => `PostgreSQL at ${placeOf(url)}: ${why}`)
  return { failed: (error: unknown) => void (why = outageText(error)) }
})

const migrationMillisMax = 3_600_000
const never = () => false

const migrate = async (connection: Session): Promise<void> => {
  await enterMigration(connection)
  await migrateTo(connection, migrations.length)
}

/** Instances that start together: one migrates, the others find it done. */
export const enterMigration = (connection: Session) =>
  connection.query(`SELECT pg_advisory_xact_lock(${lockSpace}, ${sections.migrate})`)

/** Brings the tables to a version of the schema, at least. Throws where they have a version that nobody here knows. */
export const migrateTo = async (connection: Session, wanted: number): Promise<void> => {
  await connection.query("CREATE TABLE IF NOT EXISTS roost_schema (version INTEGER NOT NULL)")
  const [row] = (await connection.query("SELECT version FROM roost_schema")).rows
  const version = Number(row?.["version"] ?? 0)
  if (version > migrations.length) throw newerSchema(version)
  if (version >= wanted) return
  for (const step of migrations.slice(version, wanted)) await connection.query(step(types))
  await connection.query(
    row === undefined ? `INSERT INTO roost_schema VALUES (${wanted})` : `UPDATE roost_schema SET version = ${wanted}`
  )
}

/** Keys in the order of their bytes, whatever language the database was made for: pages are read in that order. */
const types = {
  bytes: "BYTEA",
  int64: "BIGINT",
  key: 'TEXT COLLATE "C"',
  serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
  indexesLater: true
}

/** Look-ups go to one connection, which takes the statements of all at once and answers in order; none waits for a transaction. */
const make = (pool: PostgresPool, single: PostgresPool, index: DeviceIndex) => {
  const query = (sql: string, values: ReadonlyArray<Value>, mayHaveHappened: () => boolean) =>
    Effect.promise(() =>
      single.within(
        single.silenceMillis,
        (connections, holds) => connections.shared(holds).query(numbered(sql), storableValues(values), true),
        mayHaveHappened
      )
    )
  return Sql.of({
    all: (sql, ...values) => Effect.map(query(sql, values, never), ({ rows }) => rows),
    get: (sql, ...values) => Effect.map(query(sql, values, never), ({ rows }) => rows[0]),
    run: (sql, ...values) =>
      Effect.tap(
        Effect.map(query(sql, values, always), ({ count }) => count),
        noteWritten
      ),
    transaction: <A>(body: (session: SqlTransaction) => Effect.Effect<A>) =>
      Effect.promise(async () => {
        let result: A
        let committing = false
        const work = (connections: PostgresConnections, holds: Holds) =>
          connections.begin(holds, async (connection) => {
            result = await Effect.runPromise(body(transactionOn(connection)))
            committing = true
          })
        for (let tries = 1; ; tries++) {
          try {
            await pool.within(pool.silenceMillis, work, () => committing)
            return result!
          } catch (error) {
            if (tries === conflictTriesMax || !isConflict(error)) throw error
            committing = false
          }
        }
      }).pipe(Effect.tap(noteWritten)),
    unlessBusy: (section, body) => unlessBusy(pool, section, body),
    index
  })
}

const unlessBusy = <E, R>(pool: PostgresPool, section: Section, body: Effect.Effect<void, E, R>) =>
  Effect.acquireUseRelease(
    Effect.promise(() => lock(pool, section)),
    (held) => (held === undefined ? Effect.void : body),
    (held) => Effect.promise(async () => held && unlock(pool, held, section))
  )

/** Planned for their values each time: how common a part is decides how it is best looked for. */
const searchSession = (pool: PostgresPool): SearchSession => {
  const allOn =
    (connection: Session): SearchSession["all"] =>
    async (sql, values = []) =>
      (await connection.query(numbered(sql), storableValues(values))).rows
  const onAny = async (millis: number, ...[sql, values = []]: Parameters<SearchSession["all"]>) => {
    const query = (connections: PostgresConnections, holds: Holds) =>
      connections.query(holds, numbered(sql), storableValues(values))
    return (await pool.within(millis, query, never)).rows
  }
  return {
    all: (sql, values) => onAny(pool.silenceMillis, sql, values),
    long: (sql) => onAny(migrationMillisMax, sql),
    alone: (body) =>
      pool.within(
        pool.silenceMillis,
        (connections, holds) =>
          connections.begin(holds, async (connection) => {
            const all = allOn(connection)
            const [row] = await all(`SELECT pg_try_advisory_xact_lock(${lockSpace}, ${sections.search}) AS locked`)
            return (row!["locked"] as unknown) === true ? await body(all) : undefined
          }),
        never
      )
  }
}

/** How often a transaction is tried that another one was in the way of; the database has rolled it back each time. */
const conflictTriesMax = 5

/** A deadlock or a serialisation that failed: of this moment, whatever the statement. */
const isConflict = (error: unknown): boolean => {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && "code" in cause && (cause.code === "40P01" || cause.code === "40001")
}

const always = () => true

const noteWritten = Effect.map(RequestWrites, (writes) => {
  if (writes !== undefined) writes.written = true
})

interface Held {
  readonly connections: PostgresConnections
  readonly connection: PostgresConnection
}

/** Of a connection, not of a transaction: none stays open while messages are published. */
const lock = async (pool: PostgresPool, section: Section): Promise<Held | undefined> => {
  const reserve = async (connections: PostgresConnections) => ({
    connections,
    connection: await connections.reserve()
  })
  const held = await pool.within(pool.silenceMillis, reserve, never)
  try {
    const text = `SELECT pg_try_advisory_lock(${lockSpace}, ${sections[section]}) AS locked`
    const ask = (_: PostgresConnections, holds: Holds) => (holds(held.connection), held.connection.query(text))
    const { rows } = await pool.within(pool.silenceMillis, ask, never)
    if ((rows[0]?.["locked"] as unknown) === true) return held
  } catch (error) {
    // It may be locked.
    held.connection.giveUp()
    throw error
  }
  held.connections.release(held.connection)
  return undefined
}

/** A connection that broke has lost its locks already; one that can't say so is ended, and loses them. */
const unlock = (pool: PostgresPool, { connection, connections }: Held, section: Section): Promise<void> =>
  pool
    .within(
      pool.silenceMillis,
      (_, holds) => {
        holds(connection)
        return connection.query(`SELECT pg_advisory_unlock(${lockSpace}, ${sections[section]})`)
      },
      never
    )
    .then(
      () => connections.release(connection),
      () => connection.giveUp()
    )

const transactionOn = (connection: Session): SqlTransaction => {
  const query = (sql: string, values: ReadonlyArray<Value>) =>
    connection.query(numbered(sql), storableValues(values), true)
  /** One connection takes them in order and answers in order. */
  const queryEach = (sql: string, values: ReadonlyArray<ReadonlyArray<Value>>) =>
    Promise.all(values.map((each) => query(sql, each)))
  return {
    all: (sql, ...values) => Effect.promise(async () => (await query(sql, values)).rows),
    get: (sql, ...values) => Effect.promise(async () => (await query(sql, values)).rows[0]),
    run: (sql, ...values) => Effect.promise(async () => (await query(sql, values)).count),
    runEach: (sql, values) => Effect.promise(async () => (await queryEach(sql, values)).map(({ count }) => count)),
    getEach: (sql, values) => Effect.promise(async () => (await queryEach(sql, values)).map(({ rows }) => rows[0])),
    forUpdate: " FOR UPDATE",
    forKeyShare: " FOR KEY SHARE",
    enter: (section) =>
      Effect.promise(async () => {
        await connection.query(`SELECT pg_advisory_xact_lock(${lockSpace}, ${sections[section]})`)
      })
  }
}

/** `?1` of SQLite is `$1` here. */
const numbered = (sql: string): string => {
  let text = texts.get(sql)
  if (text === undefined) {
    text = sql.replaceAll(/\?(\d+)/g, "$$$1")
    texts.set(sql, text)
  }
  return text
}

const texts = new Map<string, string>()
