import { type ApplicationEvent, type PostgresTarget, sinkUrlParameters } from "@roost/contracts"
import { Effect, type Scope } from "effect"
import { Socket } from "node:net"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Client } from "pg"
import { from } from "pg-copy-streams"
import type { KnownModels, SinkWriter } from "../delivery/SinkWriter.ts"
import { type TargetFault, targetFault } from "../delivery/TargetFault.ts"
import { rowsOf } from "../rows/PointRow.ts"
import { copyText } from "./CopyText.ts"
import { viewOf } from "./ModelViews.ts"
import { copyBatch, createBatch, createTable, insertBatch, literal, quotedTable, tableDefault } from "./PointTable.ts"
import { postgresFault } from "./postgresFault.ts"

/** A batch that takes longer is given up, and tried by another connection. */
const writeMillisMax = 30_000
const connectMillisMax = 10_000
/** A view that somebody reads from, or builds upon, is tried again after. */
const viewsAgainMillis = 60_000
/** Characters that are copied at once. */
const chunkLength = 256 * 1024
/** Roost's advisory locks begin with "roos"; this one is for what sinks make. */
const makeLock = "1919905651, 7"

/**
 * Writes to one table over one connection. A batch is a transaction: COPY into a table of the connection, and from there what the table
 * does not have. The table and the views of thing models are made where they are not there.
 */
export const openPostgres = Effect.fnUntraced(function* (
  target: PostgresTarget,
  modelsNow: () => KnownModels,
  log: (text: string) => void
): Effect.fn.Return<SinkWriter, never, Scope.Scope> {
  const table = target.table ?? tableDefault
  const place = placeOf(target.url)
  let connection: Connection | undefined
  let viewsOf = -1
  let viewsAgainAt = 0
  const close = () => {
    connection?.close()
    connection = undefined
  }
  yield* Effect.acquireRelease(Effect.void, () => Effect.sync(close))

  const connected = async (): Promise<Client> => {
    if (connection?.isOpen === true) return connection.client
    close()
    const opened = (connection = new Connection(target))
    await opened.client.connect()
    await prepare(opened.client, table)
    viewsOf = -1
    return opened.client
  }

  const upToDate = async (client: Client): Promise<void> => {
    const { models, version } = modelsNow()
    if (version === viewsOf || performance.now() < viewsAgainAt) return
    viewsOf = version
    for (const model of models) {
      try {
        await makeView(client, table, model)
      } catch (error) {
        // One that can't be made, such as one that others build upon, keeps nobody's rows back.
        viewsOf = -1
        viewsAgainAt = performance.now() + viewsAgainMillis
        log(`the view of ${model.model.modelId} at ${place} stays as it is: ${String(error)}`)
      }
    }
  }

  const guarded = (work: (client: Client) => Promise<void>): Effect.Effect<void, TargetFault> =>
    Effect.tryPromise({ try: () => connected().then(work), catch: (error) => postgresFault(error, place) }).pipe(
      // A promise that nobody answers does not keep the time-out from what it ends, also while the end of a scope waits for the batch.
      Effect.interruptible,
      Effect.timeoutOrElse({
        duration: writeMillisMax,
        orElse: () =>
          Effect.fail(
            targetFault("target", "sink-unreachable", `PostgreSQL at ${place} is silent for ${writeMillisMax / 1000} s`)
          )
      }),
      // The connection may be what broke, and a statement that timed out still has it.
      Effect.tapError(({ blame }) => Effect.sync(() => blame === "target" && close()))
    )

  return {
    batchMax: 4_096,
    batchEveryMillis: 100,
    test: guarded(async (client) => void (await client.query(`SELECT 1 FROM ${quotedTable(table)} LIMIT 1`))),
    write: (events) =>
      guarded(async (client) => {
        await upToDate(client)
        await transaction(client, async () => {
          await client.query(createBatch)
          await pipeline(Readable.from(chunksOf(events)), client.query(from(copyBatch)))
          await client.query(insertBatch(table))
        })
      })
  }
})

/** One client and its socket, which never come back: nothing of a transaction can reach another connection. */
class Connection {
  readonly client: Client
  readonly #socket = new Socket()
  isOpen = true

  constructor({ ca, password, url }: PostgresTarget) {
    const parsed = new URL(url)
    // A sink of before there was a door for them.
    const others = [...parsed.searchParams.keys()].filter((name) => !sinkUrlParameters.includes(name))
    for (const name of others) parsed.searchParams.delete(name)
    if (password !== undefined) parsed.password = password
    if (ca !== undefined) parsed.searchParams.delete("sslmode")
    // Encrypted, or no connection: what takes plain text instead protects nobody.
    if (parsed.searchParams.get("sslmode") === "prefer") parsed.searchParams.set("sslmode", "require")
    // `sslmode=require` is what it is for psql: encrypted, and whoever answers is believed.
    if (parsed.searchParams.has("sslmode")) parsed.searchParams.set("uselibpqcompat", "true")
    this.client = new Client({
      connectionString: parsed.href,
      ...(ca === undefined ? {} : { ssl: { ca } }),
      stream: () => this.#socket,
      connectionTimeoutMillis: connectMillisMax,
      keepAlive: true,
      application_name: "roost-sinks"
    })
    const ended = () => (this.isOpen = false)
    // Without a listener an error of an idle connection would end the process.
    this.client.on("error", ended)
    this.client.on("end", ended)
  }

  /** At once, whatever is under way: the server rolls it back. */
  close(): void {
    this.isOpen = false
    this.#socket.destroy()
  }
}

const transaction = async (client: Client, work: () => Promise<void>): Promise<void> => {
  await client.query("BEGIN")
  try {
    await work()
  } catch (error) {
    // The first error says more than that of a connection that is gone.
    await client.query("ROLLBACK").catch(() => undefined)
    throw error
  }
  await client.query("COMMIT")
}

function* chunksOf(events: ReadonlyArray<ApplicationEvent>): Generator<Buffer> {
  let text = ""
  for (const event of events) {
    text += copyText(rowsOf(event))
    if (text.length < chunkLength) continue
    yield Buffer.from(text)
    text = ""
  }
  if (text !== "") yield Buffer.from(text)
}

/** Only what is not there is made: a user that may only insert can be given a table. */
const prepare = async (client: Client, table: string): Promise<void> => {
  const isThere = async () => {
    const { rows } = await client.query(`SELECT to_regclass(${literal(quotedTable(table))}) IS NOT NULL AS there`)
    return rows[0]?.there === true
  }
  if (await isThere()) return
  await transaction(client, async () => {
    await client.query(`SELECT pg_advisory_xact_lock(${makeLock})`)
    if (await isThere()) return
    for (const statement of createTable(table)) await client.query(statement)
  })
}

const makeView = async (client: Client, table: string, model: KnownModels["models"][number]): Promise<void> => {
  const { definition, digest, name } = viewOf(table, model)
  await transaction(client, async () => {
    const { rows } = await client.query(`SELECT obj_description(to_regclass(${literal(name)}), 'pg_class') AS comment`)
    if (String(rows[0]?.comment).endsWith(digest)) return
    // A long query on the view would keep back the rows, too.
    await client.query("SET LOCAL lock_timeout = '2s'")
    await client.query(`SELECT pg_advisory_xact_lock(${makeLock})`)
    await client.query(`DROP VIEW IF EXISTS ${name}`)
    await client.query(`CREATE VIEW ${name} AS ${definition}`)
    await client.query(`COMMENT ON VIEW ${name} IS ${literal(`Made by Roost from a thing model: ${digest}`)}`)
  })
}

const placeOf = (url: string): string => {
  const parsed = URL.parse(url)
  return parsed === null ? "?" : `${parsed.host}${parsed.pathname}`
}
