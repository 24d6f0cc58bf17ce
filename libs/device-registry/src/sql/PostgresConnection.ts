import { Socket } from "node:net"
import { Client, type ClientConfig, DatabaseError, types } from "pg"
import { isTlsRefused, refused, withLibpqMeaning } from "./PostgresTls.ts"
import type { Row, Value } from "./Values.ts"

export interface Answer {
  readonly rows: ReadonlyArray<Row>
  /** Rows that a SELECT found or a write changed. */
  readonly count: number
  /** Of several statements in one text: none. */
  readonly command: string | undefined
}

/** Before a server that takes connections has to let in, in milliseconds. */
const connectMillisMax = 5_000
const keepAliveMillis = 60_000

/** A connection that could not be made, or that broke. `code`: the system's, or one of `ending`. */
export class ConnectionFailed extends Error {
  override readonly name = "ConnectionFailed"
  readonly code: string
  /** Whether the statement was on its way when it broke. */
  readonly sent: boolean

  constructor({ code, message }: Ending, sent: boolean) {
    super(message)
    this.code = code
    this.sent = sent
  }
}

export interface Ending {
  readonly code: string
  readonly message: string
}

export const ending = {
  late: { code: "CONNECT_TIMEOUT", message: `no connection within ${connectMillisMax} ms` },
  closed: { code: "CONNECTION_CLOSED", message: "the connection was closed" },
  ended: { code: "CONNECTION_ENDED", message: "the connection was ended here" },
  givenUp: { code: "CONNECTION_DESTROYED", message: "the connection was given up, since it was silent for too long" }
}

/**
 * One socket to PostgreSQL, which never comes back. Its holder gets `ConnectionFailed` from the moment on at which it breaks, and
 * nothing of a transaction can reach another one's connection. Statements go out at once and are answered in order.
 */
export class PostgresConnection {
  readonly #client: Client
  readonly #socket = new Socket()
  readonly #open: Promise<void>
  readonly #onEnd: (connection: PostgresConnection) => void
  readonly #timer: NodeJS.Timeout
  #isOpen = false
  #ending: Ending | undefined
  #heardAt = Number.NEGATIVE_INFINITY

  /** Throws what is wrong with the URL. `onEnd`: called once. */
  constructor(url: string, config: ClientConfig, onEnd: (connection: PostgresConnection) => void) {
    this.#onEnd = onEnd
    this.#client = new Client({
      ...config,
      connectionString: withLibpqMeaning(url),
      stream: () => this.#socket,
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMillis,
      types: { getTypeParser }
    })
    this.#client.on("error", (error) => this.#end(endingOf(error)))
    this.#client.on("end", () => this.#end(ending.closed))
    this.#timer = setTimeout(() => this.#end(ending.late), connectMillisMax)
    this.#open = this.#client.connect().then(
      () => {
        this.#isOpen = true
        this.#heard()
        clearTimeout(this.#timer)
      },
      (error: unknown) => {
        this.#end(endingOf(error))
        // "password authentication failed" and the like are the server's word.
        throw error instanceof DatabaseError ? error : new ConnectionFailed(this.#ending!, false)
      }
    )
    this.#open.catch(() => undefined)
  }

  /** When the server last answered here, by `performance.now()`: that it lets us in is an answer, and so is a refusal. */
  get heardAt(): number {
    return this.#heardAt
  }

  get isEnded(): boolean {
    return this.#ending !== undefined
  }

  /** `prepare`: the server keeps the plan of this text, so it is put together from constants only. */
  async query(text: string, values?: ReadonlyArray<Value>, prepare = false): Promise<Answer> {
    if (!this.#isOpen) await this.#open
    if (this.#ending !== undefined) throw new ConnectionFailed(this.#ending, false)
    try {
      const result = await this.#client.query<Row>({
        text,
        ...(values === undefined ? {} : { values: values as Array<Value> }),
        ...(prepare ? { name: nameOf(text) } : {})
      })
      this.#heard()
      return { rows: result.rows, count: result.rowCount ?? 0, command: result.command }
    } catch (error) {
      if (error instanceof DatabaseError) this.#heard()
      throw this.#ending === undefined || error instanceof DatabaseError
        ? error
        : new ConnectionFailed(this.#ending, true)
    }
  }

  /** When all that was sent is answered. */
  async end(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isOpen && this.#ending === undefined) await this.#client.end()
    this.#end(ending.ended)
  }

  /** At once, whatever is under way. */
  giveUp(): void {
    this.#end(ending.givenUp)
  }

  #heard(): void {
    this.#heardAt = performance.now()
  }

  #end(why: Ending): void {
    if (this.#ending !== undefined) return
    this.#ending = why
    clearTimeout(this.#timer)
    this.#socket.destroy()
    this.#onEnd(this)
  }
}

const endingOf = (error: unknown): Ending => {
  if (!(error instanceof Error)) return ending.closed
  if (isTlsRefused(error.message)) return { code: refused, message: error.message }
  const code = "code" in error ? String(error.code) : ending.closed.code
  // An attempt at several addresses of a name has a code and no message.
  return { code, message: error.message === "" ? code : error.message }
}

/** Milliseconds and ids: all below 2^53. */
const int8 = 20
const getTypeParser: typeof types.getTypeParser = (oid: number, format?: string) =>
  oid === int8 ? Number : types.getTypeParser(oid, format as "text")

const names = new Map<string, string>()

const nameOf = (text: string): string => {
  let name = names.get(text)
  if (name === undefined) {
    name = `roost_${names.size}`
    names.set(text, name)
  }
  return name
}
