import { countedFoundMax } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import type { DeviceQuery } from "../RegistryStore.ts"
import type { Row, Value } from "../sql/Values.ts"
import { moveLog } from "../sql/LogPages.ts"
import { deviceText } from "./DeviceText.ts"
import {
  conditionsOf,
  countOfAll,
  countOfOne,
  countsByStatus,
  type PartIndex,
  pagesOf,
  planOf,
  type SearchStatement
} from "./SearchStatements.ts"

/** Devices that are brought into the index at one go. */
const batchMax = 500

/** Of the index's file; another one is made anew. */
const schemaVersion = 1

/** Rows of a page, and how many there are in all; or how many devices are in the index, which is not complete. */
export type SearchAnswer = { readonly rows: ReadonlyArray<Row>; readonly found: number } | { readonly prepared: number }

/**
 * The index of a registry's SQLite file, in a file beside it. Its content can be made again at any time: no device waits for it, and no
 * backup needs it. The registry notes which devices changed; this follows. For a thread of its own: a search may take a second.
 */
export class SearchIndex {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** The last change that is in the index. */
  #change: number
  /** Every device has been gone through once. */
  #complete: boolean

  /** `registryFile`: the registry's database, which is read. */
  constructor(registryFile: string, indexFile: string) {
    this.#db = new DatabaseSync(indexFile)
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    this.#db.prepare("ATTACH ? AS registry").run(registryFile)
    const version = Number(this.#db.prepare("PRAGMA user_version").get()!["user_version"])
    if (version !== schemaVersion) this.#make()
    const { change, complete } = this.#progress()
    // A database that was restored counts from where it was: what is in the index may be of after that.
    if (change > this.#lastChange()) this.#make()
    this.#change = this.#progress().change
    this.#complete = change === this.#change && complete
  }

  close(): void {
    this.#db.close()
  }

  /** Of `search_changes`: all up to this one are in the index. */
  get change(): number {
    return this.#change
  }

  /** Brings changes, and then what was never looked at, into the index, for about so long. True: nothing is left. */
  keepUp(millis: number): boolean {
    const until = performance.now() + millis
    do {
      if (!this.#takeChanges() && !this.#goThrough()) return true
    } while (performance.now() < until)
    return false
  }

  search(query: DeviceQuery): SearchAnswer {
    if (!this.#complete && query.part !== undefined)
      return { prepared: this.#count("SELECT COUNT(*) AS n FROM device_search") }
    const conditions = conditionsOf(query, fts5)
    const counts = conditions.map((condition) => this.#countOf(countOfOne(condition)))
    const plan = planOf(conditions, counts)
    return {
      rows: this.#rowsOf(pagesOf(plan, query, fts5, this.#complete), query.limit),
      found: query.after?.found ?? this.#found(plan, counts)
    }
  }

  countByStatus(): ReadonlyArray<Row> {
    return this.#all(countsByStatus, [])
  }

  /** Of the registry's file, see `SqliteLog`. */
  moveLog(): boolean {
    return moveLog(this.#db, "registry")
  }

  #found(plan: ReturnType<typeof planOf>, counts: ReadonlyArray<number>): number {
    const [only] = counts
    if (counts.length === 0) return this.#countOf(countOfOne(undefined))
    // Of a part alone the devices are counted: the index may have one that is gone.
    if (counts.length === 1 && only! > countedFoundMax) return only!
    return this.#countOf(countOfAll(plan))
  }

  #rowsOf(pages: ReadonlyArray<SearchStatement>, limit: number): ReadonlyArray<Row> {
    const rows: Array<Row> = []
    for (const { sql, values } of pages) {
      if (rows.length < limit) rows.push(...this.#all(sql, values))
    }
    return rows.slice(0, limit)
  }

  #make(): void {
    this.#statements.clear()
    this.#db.exec(`
      DROP TABLE IF EXISTS device_parts; DROP TABLE IF EXISTS main.device_search; DROP TABLE IF EXISTS progress;
      CREATE TABLE device_search (
        id INTEGER PRIMARY KEY,
        device_key TEXT NOT NULL,
        product_key TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (device_key, product_key)
      );
      CREATE VIRTUAL TABLE device_parts USING fts5(
        text, content = 'device_search', content_rowid = 'id', tokenize = 'trigram case_sensitive 1', columnsize = 0
      );
      CREATE TABLE progress (change INTEGER NOT NULL, product_key TEXT NOT NULL, device_key TEXT NOT NULL, complete INTEGER NOT NULL);
      PRAGMA user_version = ${schemaVersion};
    `)
    this.#db.prepare("INSERT INTO progress VALUES (?, '', '', 0)").run(this.#lastChange())
    this.#complete = false
  }

  #progress(): {
    readonly change: number
    readonly complete: boolean
    readonly productKey: string
    readonly deviceKey: string
  } {
    const row = this.#db.prepare("SELECT change, product_key, device_key, complete FROM progress").get()!
    return {
      change: Number(row["change"]),
      complete: row["complete"] === 1,
      productKey: String(row["product_key"]),
      deviceKey: String(row["device_key"])
    }
  }

  #lastChange(): number {
    return this.#count("SELECT COALESCE(MAX(seq), 0) AS n FROM registry.sqlite_sequence WHERE name = 'search_changes'")
  }

  /** False: there is none. */
  #takeChanges(): boolean {
    const rows = this.#all("SELECT id, devices FROM search_changes WHERE id > ?1 ORDER BY id LIMIT 8", [this.#change])
    const last = rows.at(-1)
    if (last === undefined) return false
    const devices = rows.flatMap((row) => JSON.parse(String(row["devices"])) as ReadonlyArray<DeviceKeys>)
    this.#write(devices, () => this.#run("UPDATE progress SET change = ?1", [Number(last["id"])]))
    this.#change = Number(last["id"])
    return true
  }

  /** Some devices more of a registry that had them before it had an index. False: there are none. */
  #goThrough(): boolean {
    if (this.#complete) return false
    const { deviceKey, productKey } = this.#progress()
    const rows = this.#all(
      `SELECT product_key, device_key FROM devices WHERE (product_key, device_key) > (?1, ?2)
       ORDER BY product_key, device_key LIMIT ${batchMax}`,
      [productKey, deviceKey]
    )
    const last = rows.at(-1)
    if (last === undefined) {
      this.#run("UPDATE progress SET complete = 1", [])
      this.#complete = true
      return false
    }
    const devices = rows.map((row): DeviceKeys => [String(row["product_key"]), String(row["device_key"])])
    this.#write(devices, () => this.#run("UPDATE progress SET product_key = ?1, device_key = ?2", devices.at(-1)!))
    return true
  }

  #write(devices: ReadonlyArray<DeviceKeys>, progress: () => void): void {
    this.#db.exec("BEGIN")
    try {
      for (const keys of devices) this.#put(keys)
      progress()
      this.#db.exec("COMMIT")
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK")
      throw error
    }
  }

  #put(keys: DeviceKeys): void {
    const text = this.#textOf(keys)
    const [known] = this.#all("SELECT id, text FROM device_search WHERE product_key = ?1 AND device_key = ?2", keys)
    if (known !== undefined) {
      if (known["text"] === text) return
      this.#run("INSERT INTO device_parts (device_parts, rowid, text) VALUES ('delete', ?1, ?2)", [
        known["id"]!,
        known["text"]!
      ])
      this.#run("DELETE FROM device_search WHERE id = ?1", [known["id"]!])
    }
    if (text === undefined) return
    this.#run("INSERT INTO device_search (product_key, device_key, text) VALUES (?1, ?2, ?3)", [...keys, text])
    this.#run("INSERT INTO device_parts (rowid, text) VALUES (last_insert_rowid(), ?1)", [text])
  }

  /** Undefined: it is gone. */
  #textOf(keys: DeviceKeys): string | undefined {
    const [device] = this.#all("SELECT device_name FROM devices WHERE product_key = ?1 AND device_key = ?2", keys)
    if (device === undefined) return undefined
    const tags = this.#all(
      `SELECT name, value FROM device_properties
       WHERE product_key = ?1 AND device_key = ?2 AND kind = 'tag' AND value IS NOT NULL ORDER BY name`,
      keys
    )
    return deviceText(
      keys[1],
      String(device["device_name"]),
      tags.map((row) => [String(row["name"]), String(parseJson(String(row["value"])))])
    )
  }

  #countOf({ sql, values }: SearchStatement): number {
    return Number(this.#all(sql, values)[0]!["n"])
  }

  #count(sql: string): number {
    return this.#countOf({ sql, values: [] })
  }

  #all(sql: string, values: ReadonlyArray<Value>): ReadonlyArray<Row> {
    return this.#statement(sql).all(...values) as ReadonlyArray<Row>
  }

  #run(sql: string, values: ReadonlyArray<Value>): void {
    this.#statement(sql).run(...values)
  }

  #statement(sql: string): StatementSync {
    let known = this.#statements.get(sql)
    if (known === undefined) {
      known = this.#db.prepare(sql)
      // Every limit of a page is a text of its own.
      if (this.#statements.size >= statementsMax) this.#statements.clear()
      this.#statements.set(sql, known)
    }
    return known
  }
}

const statementsMax = 500

type DeviceKeys = readonly [productKey: string, deviceKey: string]

/** By FTS5's trigrams (SQLite 3.34): a phrase is a text without wildcards. */
const fts5: PartIndex = {
  from: "device_parts AS part CROSS JOIN device_search AS found ON found.id = part.rowid",
  where: "part.text MATCH ?",
  value: (sought) => `"${sought.replaceAll('"', '""')}"`,
  unindexed: "+"
}
