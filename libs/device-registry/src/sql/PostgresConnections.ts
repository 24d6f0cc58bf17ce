import type { ClientConfig } from "pg"
import { type Answer, ConnectionFailed, type Ending, ending, PostgresConnection } from "./PostgresConnection.ts"
import type { Value } from "./Values.ts"

/** A connection, for the one who holds it. */
export type Session = Pick<PostgresConnection, "query">

/** Told of the connection that a piece of work has from now on; until then it waits for one. */
export type Holds = (connection: PostgresConnection) => void

/** Connections to one database: one that all write to, and up to `max` that one holder has at a time. Each is made when it is wanted. */
export class PostgresConnections {
  readonly #url: string
  readonly #max: number
  readonly #config: ClientConfig
  readonly #open = new Set<PostgresConnection>()
  readonly #free: Array<PostgresConnection> = []
  readonly #waiting: Array<PromiseWithResolvers<PostgresConnection>> = []
  #shared: PostgresConnection | undefined
  #ending: Ending | undefined

  constructor(url: string, max: number, config: ClientConfig) {
    this.#url = url
    this.#max = max
    this.#config = config
  }

  /** When the server last answered on any of them, by `performance.now()`. */
  get heardAt(): number {
    const all = this.#shared === undefined ? [...this.#open] : [...this.#open, this.#shared]
    return Math.max(...all.map(({ heardAt }) => heardAt))
  }

  /** Takes the statements of all at once, in order; none of them is long. */
  shared(holds: Holds): Session {
    const why = this.#ending
    if (why !== undefined) return { query: () => Promise.reject(new ConnectionFailed(why, false)) }
    if (this.#shared === undefined || this.#shared.isEnded) {
      this.#shared = new PostgresConnection(this.#url, this.#config, () => undefined)
    }
    holds(this.#shared)
    return this.#shared
  }

  /** The holder's alone until `release`. */
  reserve(): Promise<PostgresConnection> {
    if (this.#ending !== undefined) return Promise.reject(new ConnectionFailed(this.#ending, false))
    const free = this.#free.pop()
    if (free !== undefined) return Promise.resolve(free)
    if (this.#open.size < this.#max) return Promise.resolve(this.#make())
    const waiting = Promise.withResolvers<PostgresConnection>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  /** One that has ended is replaced when somebody waits. */
  release(connection: PostgresConnection): void {
    if (connection.isEnded) return
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(connection)
    else next.resolve(connection)
  }

  async query(holds: Holds, text: string, values?: ReadonlyArray<Value>): Promise<Answer> {
    const connection = await this.reserve()
    holds(connection)
    try {
      return await connection.query(text, values)
    } finally {
      this.release(connection)
    }
  }

  /** A transaction: all or nothing. An error that the body throws rolls it back; so does the end of the connection, at each point. */
  async begin<A>(holds: Holds, body: (session: Session) => Promise<A>): Promise<A> {
    const connection = await this.reserve()
    holds(connection)
    try {
      await connection.query("BEGIN")
      const result = await body(connection)
      const { command } = await connection.query("COMMIT")
      if (command !== "COMMIT") throw new Error("a statement of the transaction failed: the database rolled it back")
      return result
    } catch (error) {
      // A transaction that is neither committed nor rolled back must not be there for the next holder.
      await connection.query("ROLLBACK").catch(() => connection.giveUp())
      throw error
    } finally {
      this.release(connection)
    }
  }

  /** After what is under way, but at most this long. */
  async end(millisMax: number): Promise<void> {
    const timer = setTimeout(() => this.giveUp(), millisMax)
    await Promise.all(this.#close(ending.ended).map((connection) => connection.end()))
    clearTimeout(timer)
  }

  giveUp(): void {
    for (const connection of this.#close(ending.givenUp)) connection.giveUp()
  }

  /** No more are made; who waits for one is told. */
  #close(why: Ending): ReadonlyArray<PostgresConnection> {
    this.#ending ??= why
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new ConnectionFailed(why, false))
    return this.#shared === undefined ? [...this.#open] : [...this.#open, this.#shared]
  }

  #make(): PostgresConnection {
    const made = new PostgresConnection(this.#url, this.#config, (ended) => this.#ended(ended))
    this.#open.add(made)
    return made
  }

  #ended(connection: PostgresConnection): void {
    this.#open.delete(connection)
    const at = this.#free.indexOf(connection)
    if (at >= 0) this.#free.splice(at, 1)
    this.#waiting.shift()?.resolve(this.#make())
  }
}
