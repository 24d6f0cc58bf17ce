import { isStorable } from "@roost/enos"
import { Context, type Effect } from "effect"
import type { DeviceIndex } from "../search/DeviceIndex.ts"
import type { Row, Value } from "./Values.ts"

export type { Row, Value } from "./Values.ts"

/**
 * Statements in SQL that SQLite and PostgreSQL both take, with parameters `?1`, `?2`. Each text is prepared once per
 * connection, so it is put together from constants only. Integers come back as numbers.
 */
export interface SqlSession {
  readonly all: (sql: string, ...values: ReadonlyArray<Value>) => Effect.Effect<ReadonlyArray<Row>>
  readonly get: (sql: string, ...values: ReadonlyArray<Value>) => Effect.Effect<Row | undefined>
  /** The number of rows that changed. */
  readonly run: (sql: string, ...values: ReadonlyArray<Value>) => Effect.Effect<number>
}

export interface SqlTransaction extends SqlSession {
  /** One statement for many values, in order, without waiting between them: the number of rows that each changed. */
  readonly runEach: (sql: string, values: ReadonlyArray<ReadonlyArray<Value>>) => Effect.Effect<ReadonlyArray<number>>
  /** One SELECT for many values, likewise: the first row of each. */
  readonly getEach: (
    sql: string,
    values: ReadonlyArray<ReadonlyArray<Value>>
  ) => Effect.Effect<ReadonlyArray<Row | undefined>>
  /** Ends a SELECT whose rows are read in order to change them. */
  readonly forUpdate: string
  /** Ends a SELECT of what must still be there when the transaction ends. */
  readonly forKeyShare: string
  /** Waits until no other transaction, of any instance, is in the section; stays in it until the end. */
  readonly enter: (section: Section) => Effect.Effect<void>
}

/** Work that one instance at a time may do; the numbers are advisory locks on PostgreSQL. */
export const sections = { migrate: 1, tell: 2, events: 3, presence: 4, points: 5, delete: 6, search: 7 } as const
export type Section = keyof typeof sections

/**
 * The database of the registry. A refusal of it, and a database out of reach, are defects: the caller answers 500 or nothing, and the
 * reason is in the log.
 */
export class Sql extends Context.Service<
  Sql,
  SqlSession & {
    /** All or nothing. The body only calls the session; on SQLite it runs at one go, so that nothing comes between. */
    readonly transaction: <A>(body: (session: SqlTransaction) => Effect.Effect<A>) => Effect.Effect<A>
    readonly index: DeviceIndex
    /** Runs the body unless an instance is in the section; the section ends with the body or with this process. */
    readonly unlessBusy: <E, R>(section: Section, body: Effect.Effect<void, E, R>) => Effect.Effect<void, E, R>
  }
>()("@roost/device-registry/Sql") {}

/**
 * The last door: PostgreSQL holds no NUL, and UTF-8 no surrogate on its own. SQLite would hold the one and change the other; both
 * say no, so that what works on one works on the other.
 */
export const storableValues = <V extends ReadonlyArray<Value>>(values: V): V => {
  for (const value of values) {
    if (typeof value === "string" && !isStorable(value)) {
      throw new Error(`a text with NUL or a lone surrogate can't be stored: ${JSON.stringify(value.slice(0, 80))}`)
    }
  }
  return values
}
