import { countedFoundMax } from "@roost/contracts"
import { Effect, Latch, type Scope } from "effect"
import type { DeviceQuery } from "../RegistryStore.ts"
import { searchIndexes } from "../sql/Migrations.ts"
import type { Row, Value } from "../sql/Values.ts"
import type { DeviceIndex } from "./DeviceIndex.ts"
import { deviceText, tagsOf } from "./DeviceText.ts"
import type { SearchAnswer } from "./SearchIndex.ts"
import {
  conditionsOf,
  countOfAll,
  countOfOne,
  countsByStatus,
  type PartIndex,
  pagesOf,
  planOf
} from "./SearchStatements.ts"

/** Statements on connections that no device waits for, each planned for its values. */
export interface SearchSession {
  readonly all: (sql: string, values?: ReadonlyArray<Value>) => Promise<ReadonlyArray<Row>>
  /** A statement that may take an hour. */
  readonly long: (sql: string) => Promise<ReadonlyArray<Row>>
  /** All or nothing, and at one instance at a time: undefined if another one is at it. */
  readonly alone: <A>(body: (all: SearchSession["all"]) => Promise<A>) => Promise<A | undefined>
}

/** Devices that are brought into the index at one go. */
const batchMax = 500
/** Another instance may have noted changes, or be at it. */
const lookMillis = 2_000
/** The database was away, or an index could not be made. */
const retryMillis = 5_000

/**
 * The search on PostgreSQL: `device_search` has what is searched of each device, and pg_trgm finds parts of it. Indexes are made while the
 * registry serves, those of large tables without locking them; until every device is in, searches for a part say so.
 */
export const openPostgresSearch = Effect.fnUntraced(function* (
  session: SearchSession,
  unlessBusy: (work: Effect.Effect<void>) => Effect.Effect<void>
): Effect.fn.Return<DeviceIndex, never, Scope.Scope> {
  const noted = Latch.makeUnsafe()
  let complete = false
  const isComplete = async () =>
    complete || (complete = (await session.all("SELECT 1 AS one FROM search_progress WHERE complete = 1")).length > 0)
  const prepare = Effect.promise(() => makeIndexes(session)).pipe(unlessBusy)
  /** True: something is left. */
  const keepUp = Effect.promise(async () => {
    // A transaction, and the lock for it, only where there is something to do.
    const anyChange = await session.all("SELECT 1 AS one FROM search_changes LIMIT 1")
    while (anyChange.length > 0 && (await session.alone(takeChanges))) {}
    return !(await isComplete()) && (await session.alone(goThrough)) === true
  })
  const pause = Effect.andThen(Effect.raceFirst(noted.await, Effect.sleep(lookMillis)), noted.close)
  yield* Effect.andThen(
    prepare,
    Effect.forever(Effect.flatMap(keepUp, (more) => (more ? Effect.yieldNow : Effect.asVoid(pause))))
  ).pipe(
    Effect.catchCause((cause) => Effect.logWarning("the index of the search is not kept up for a while", cause)),
    Effect.andThen(Effect.sleep(retryMillis)),
    Effect.forever,
    Effect.forkScoped
  )
  return {
    search: (query) => Effect.promise(() => search(session, query, isComplete)),
    countByStatus: Effect.promise(() => session.all(countsByStatus)),
    changed: () => noted.openUnsafe()
  }
})

const search = async (
  session: SearchSession,
  query: DeviceQuery,
  isComplete: () => Promise<boolean>
): Promise<SearchAnswer> => {
  const count = async ({ sql, values }: { readonly sql: string; readonly values: ReadonlyArray<Value> }) =>
    Number((await session.all(sql, values))[0]!["n"])
  const complete = await isComplete().catch(() => false)
  if (!complete && query.part !== undefined) {
    return { prepared: await count({ sql: "SELECT COUNT(*) AS n FROM device_search", values: [] }).catch(() => 0) }
  }
  const conditions = conditionsOf(query, trigrams)
  const counts = await Promise.all(conditions.map((condition) => count(countOfOne(condition))))
  const plan = planOf(conditions, counts)
  const rows: Array<Row> = []
  for (const { sql, values } of pagesOf(plan, query, trigrams, complete)) {
    if (rows.length < query.limit) rows.push(...(await session.all(sql, values)))
  }
  const found = async () => {
    if (counts.length === 0) return count(countOfOne(undefined))
    return counts.length === 1 && counts[0]! > countedFoundMax ? counts[0]! : count(countOfAll(plan))
  }
  return { rows: rows.slice(0, query.limit), found: query.after?.found ?? (await found()) }
}

/** pg_trgm looks at the rows that have all trigrams of the pattern. */
const trigrams: PartIndex = {
  from: "device_search AS found",
  where: "found.text LIKE ?",
  value: (sought) => `%${sought.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
  // Its planner knows how many devices are in a state.
  unindexed: ""
}

const makeIndexes = async (session: SearchSession): Promise<void> => {
  for (const { name, on } of searchIndexes) await index(session, name, on)
  // Part of PostgreSQL's usual packages; whoever owns the database may make it. Without it each search reads all texts.
  const made = await session.all("CREATE EXTENSION IF NOT EXISTS pg_trgm").then(
    () => true,
    () => false
  )
  if (made) await index(session, "device_search_parts", "device_search USING gin (text gin_trgm_ops)")
}

/** One that broke off is there and not valid. */
const index = async ({ all, long }: SearchSession, name: string, on: string): Promise<void> => {
  const [known] = await all(`SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('${name}')`)
  if (known !== undefined && (known["valid"] as unknown) === true) return
  if (known !== undefined) await long(`DROP INDEX CONCURRENTLY ${name}`)
  await long(`CREATE INDEX CONCURRENTLY ${name} ON ${on}`)
}

/** False: there are none. */
const takeChanges = async (all: SearchSession["all"]): Promise<boolean> => {
  const rows = await all(
    "DELETE FROM search_changes WHERE id IN (SELECT id FROM search_changes ORDER BY id LIMIT 8) RETURNING devices"
  )
  await put(
    all,
    rows.flatMap((row) => JSON.parse(String(row["devices"])) as ReadonlyArray<DeviceKeys>)
  )
  return rows.length > 0
}

/** Some devices more of a database that had them before it had an index. False: there are none. */
const goThrough = async (all: SearchSession["all"]): Promise<boolean> => {
  const rows = await all(
    `SELECT product_key, device_key FROM devices
     WHERE (product_key, device_key) > (SELECT behind_product, behind_device FROM search_progress)
     ORDER BY product_key, device_key LIMIT ${batchMax}`
  )
  const devices = rows.map((row): DeviceKeys => [String(row["product_key"]), String(row["device_key"])])
  const last = devices.at(-1)
  if (last === undefined) {
    await all("UPDATE search_progress SET complete = 1")
    return false
  }
  await put(all, devices)
  await all("UPDATE search_progress SET behind_product = $1, behind_device = $2", last)
  return true
}

type DeviceKeys = readonly [productKey: string, deviceKey: string]

/** Of these devices what they are now. */
const put = async (all: SearchSession["all"], devices: ReadonlyArray<DeviceKeys>): Promise<void> => {
  if (devices.length === 0) return
  const keys = JSON.stringify(devices)
  const asked = `SELECT DISTINCT pair->>0 AS product_key, pair->>1 AS device_key FROM jsonb_array_elements(CAST(CAST($1 AS TEXT) AS JSONB)) AS pair`
  const rows = await all(
    `SELECT asked.product_key, asked.device_key, device_name,
       (SELECT STRING_AGG(name || '=' || value, chr(10)) FROM device_properties AS t
        WHERE t.product_key = asked.product_key AND t.device_key = asked.device_key AND kind = 'tag' AND value IS NOT NULL) AS tags
     FROM (${asked}) AS asked
     LEFT JOIN devices ON devices.product_key = asked.product_key AND devices.device_key = asked.device_key`,
    [keys]
  )
  const gone = rows.filter((row) => row["device_name"] === null)
  await all(
    `DELETE FROM device_search USING (${asked}) AS asked
     WHERE device_search.product_key = asked.product_key AND device_search.device_key = asked.device_key`,
    [JSON.stringify(gone.map((row) => [row["product_key"], row["device_key"]]))]
  )
  const texts = rows
    .filter((row) => row["device_name"] !== null)
    .map((row) => [
      row["product_key"],
      row["device_key"],
      deviceText(String(row["device_key"]), String(row["device_name"]), tagsOf(row["tags"]))
    ])
  await all(
    `INSERT INTO device_search (product_key, device_key, text)
     SELECT entry->>0, entry->>1, entry->>2 FROM jsonb_array_elements(CAST(CAST($1 AS TEXT) AS JSONB)) AS entry
     ON CONFLICT (device_key, product_key) DO UPDATE SET text = excluded.text WHERE device_search.text <> excluded.text`,
    [JSON.stringify(texts)]
  )
}
