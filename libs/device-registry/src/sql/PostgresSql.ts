import { Effect, Layer, Redacted } from "effect"
import postgres from "postgres"
import { migrations, newerSchema } from "./Migrations.ts"
import { type Row, type Section, sections, Sql, type SqlSession, type SqlTransaction, type Value } from "./Sql.ts"

/** Connections of one instance for transactions; look-ups have one of their own, so that they wait for no batch. */
export const transactionsMax = 4
const connectSecondsMax = 5
/** First half of Roost's advisory locks: "roos". */
const lockSpace = 0x726f6f73

/** PostgreSQL 13 or newer, shared by any number of instances. `url`: `postgres://user:password@host/database`. */
export const layerPostgresSql = (url: Redacted.Redacted): Layer.Layer<Sql> =>
  Layer.effect(
    Sql,
    Effect.gen(function* () {
      const open = (max: number) =>
        Effect.acquireRelease(
          Effect.sync(() => connect(Redacted.value(url), max)),
          (pool) => Effect.promise(() => pool.end({ timeout: connectSecondsMax }))
        )
      const pool = yield* open(transactionsMax)
      yield* Effect.promise(() => pool.begin(migrate))
      return make(pool, yield* open(1))
    })
  )

const int8 = 20

const connect = (url: string, max: number) =>
  postgres(url, {
    max,
    connect_timeout: connectSecondsMax,
    connection: { application_name: "roost-registry" },
    // Milliseconds and ids: all below 2^53.
    types: { int8: { to: int8, from: [int8], parse: Number, serialize: String } },
    onnotice: () => undefined
  })

type Pool = ReturnType<typeof connect>
type Connection = Pick<Pool, "unsafe">

const migrate = async (connection: Connection): Promise<void> => {
  // Instances that start together: one migrates, the others find it done.
  await connection.unsafe(`SELECT pg_advisory_xact_lock(${lockSpace}, ${sections.migrate})`)
  await connection.unsafe("CREATE TABLE IF NOT EXISTS roost_schema (version INTEGER NOT NULL)")
  const [row] = await connection.unsafe("SELECT version FROM roost_schema")
  const version = Number(row?.["version"] ?? 0)
  if (version > migrations.length) throw newerSchema(version)
  for (const step of migrations.slice(version)) await connection.unsafe(step(types))
  await connection.unsafe(
    row === undefined
      ? `INSERT INTO roost_schema VALUES (${migrations.length})`
      : `UPDATE roost_schema SET version = ${migrations.length}`
  )
}

/** Keys in the order of their bytes, whatever language the database was made for: pages are read in that order. */
const types = {
  bytes: "BYTEA",
  int64: "BIGINT",
  key: 'TEXT COLLATE "C"',
  serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
}

/**
 * `single` has one connection, which takes the statements of all at once: the client (3.4.9) searches its lists of
 * connections, and those grow as long as some are busy; 150 000 look-ups over ten cost four times as much in the end.
 */
const make = (pool: Pool, single: Pool) =>
  Sql.of({
    ...sessionOn(single),
    transaction: <A>(body: (session: SqlTransaction) => Effect.Effect<A>) =>
      Effect.promise(async () => {
        let result: A
        await pool.begin(async (connection) => {
          result = await Effect.runPromise(body(transactionOn(connection)))
        })
        return result!
      }),
    unlessBusy: (section, body) =>
      Effect.acquireUseRelease(
        Effect.promise(() => lock(pool, section)),
        (connection) => (connection === undefined ? Effect.void : body),
        (connection) => Effect.promise(async () => connection && unlock(connection, section))
      )
  })

type Reserved = Awaited<ReturnType<Pool["reserve"]>>

/** Of a connection, not of a transaction: none stays open while messages are published. */
const lock = async (pool: Pool, section: Section): Promise<Reserved | undefined> => {
  const connection = await pool.reserve()
  try {
    const [row] = await connection.unsafe(`SELECT pg_try_advisory_lock(${lockSpace}, ${sections[section]}) AS locked`)
    if (row?.["locked"] === true) return connection
  } catch (error) {
    connection.release()
    throw error
  }
  connection.release()
  return undefined
}

/** A connection that broke has lost its locks already. */
const unlock = (connection: Reserved, section: Section): Promise<void> =>
  connection
    .unsafe(`SELECT pg_advisory_unlock(${lockSpace}, ${sections[section]})`)
    .catch(() => undefined)
    .then(() => connection.release())

const sessionOn = (connection: Connection): SqlSession => {
  const query = (sql: string, values: ReadonlyArray<Value>) =>
    connection.unsafe<Array<Row>>(numbered(sql), [...values], { prepare: true })
  return {
    all: (sql, ...values) => Effect.promise(() => query(sql, values)),
    get: (sql, ...values) => Effect.promise(async () => (await query(sql, values))[0]),
    run: (sql, ...values) => Effect.promise(async () => (await query(sql, values)).count)
  }
}

/** One connection takes them in order and answers in order. */
const queryEach = async (connection: Connection, sql: string, values: ReadonlyArray<ReadonlyArray<Value>>) => {
  const text = numbered(sql)
  return Promise.all(values.map((each) => connection.unsafe<Array<Row>>(text, [...each], { prepare: true })))
}

const transactionOn = (connection: Connection): SqlTransaction => ({
  ...sessionOn(connection),
  runEach: (sql, values) =>
    Effect.promise(async () => (await queryEach(connection, sql, values)).map(({ count }) => count)),
  getEach: (sql, values) => Effect.promise(async () => (await queryEach(connection, sql, values)).map(([row]) => row)),
  forUpdate: " FOR UPDATE",
  enter: (section) =>
    Effect.promise(() => connection.unsafe(`SELECT pg_advisory_xact_lock(${lockSpace}, ${sections[section]})`))
})

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
