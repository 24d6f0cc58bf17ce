import { StoreUnavailable } from "@roost/contracts"
import { ConnectionFailed, type PostgresConnection } from "./PostgresConnection.ts"
import { type Holds, PostgresConnections } from "./PostgresConnections.ts"

/** How long the database may take, in milliseconds. */
export interface PostgresPatience {
  /** For a statement, before the server ends it. */
  readonly statementMillis: number
  /** How long nothing may be heard on the connection of a look-up or a transaction; while it waits for one, on any. */
  readonly silenceMillis: number
}

export const postgresPatience: PostgresPatience = { statementMillis: 5_000, silenceMillis: 6_000 }
/** For what is under way when a registry ends. */
const endMillisMax = 5_000

/**
 * Connections whose work always ends. A server that hangs, or a network that swallows, would keep each of them for minutes. So one on
 * which nothing is heard in time is given up, and all of them where none is answered. The next call makes new ones.
 */
export class PostgresPool {
  readonly silenceMillis: number
  readonly #open: () => PostgresConnections
  #connections: PostgresConnections

  /** `max`: of those that one holder has at a time. `timed`: whether the server ends long statements; a migration may take its time. */
  constructor(url: string, max: number, { silenceMillis, statementMillis }: PostgresPatience, timed = true) {
    this.silenceMillis = silenceMillis
    const timing = timed ? { statement_timeout: statementMillis } : {}
    this.#open = () => new PostgresConnections(url, max, { application_name: "roost-registry", ...timing })
    this.#connections = this.#open()
  }

  /**
   * `millis`: how long nothing may be heard. Work that has a connection hears the answers on it. Work that waits for one hears those on
   * all, as each brings it nearer: it is late then, and the database is not away.
   * `mayHaveHappened` is asked when it fails: whether a write is under way that nobody will hear of.
   */
  async within<A>(
    millis: number,
    work: (connections: PostgresConnections, holds: Holds) => PromiseLike<A>,
    mayHaveHappened: () => boolean
  ): Promise<A> {
    const connections = this.#connections
    let held: PostgresConnection | undefined
    let since = performance.now()
    const late = Promise.withResolvers<never>()
    const look = (): void => {
      const left = Math.max(since, (held ?? connections).heardAt) + millis - performance.now()
      if (left > 0) return void (timer = setTimeout(look, left))
      this.#giveUp(connections, held, millis)
      const message = `the database did not answer within ${millis} ms`
      late.reject(new StoreUnavailable(message, { mayHaveHappened: mayHaveHappened() }))
    }
    let timer = setTimeout(look, millis)
    const holds: Holds = (connection) => {
      held = connection
      since = performance.now()
    }
    try {
      return await Promise.race([work(connections, holds), late.promise])
    } catch (error) {
      throw asUnavailable(error, mayHaveHappened)
    } finally {
      clearTimeout(timer)
    }
  }

  end(): Promise<void> {
    return this.#connections.end(endMillisMax)
  }

  /** The one that is silent, while others are answered; else the server is silent, and all go. */
  #giveUp(connections: PostgresConnections, silent: PostgresConnection | undefined, millis: number): void {
    if (silent !== undefined && performance.now() - connections.heardAt < millis) return silent.giveUp()
    if (this.#connections === connections) this.#connections = this.#open()
    connections.giveUp()
  }
}

/** Errors that say something of the server and nothing of the statement. */
const asUnavailable = (error: unknown, mayHaveHappened: () => boolean): unknown => {
  if (error instanceof ConnectionFailed) return unavailable(error, error.sent && mayHaveHappened())
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  // The server's word, with a rollback: shutting down (57P), a statement that took too long (57014), a lock (55P03, 40P01). Or it has
  // no room or memory (53), its disk fails (58), or it is a standby that was taken for the server (25006).
  if (/^(57P0[1-5]|57014|55P03|40P01|40001|53...|58...|25006)$/.test(code)) return unavailable(error, false)
  return error
}

const unavailable = (cause: unknown, mayHaveHappened: boolean): StoreUnavailable =>
  new StoreUnavailable(`the database is not available: ${cause instanceof Error ? cause.message : String(cause)}`, {
    mayHaveHappened,
    cause
  })
