import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { StoreUnavailable } from "@roost/contracts"
import { once } from "node:events"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { PostgresPool } from "../src/sql/PostgresPool.ts"

const silenceMillis = 6_000
const connectionsMax = 4

/** What PostgreSQL says when it let somebody in, and when a statement is done: its command, and that it is ready. */
const message = (type: string, body: string | Buffer) => {
  const bytes = Buffer.from(body)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length + 4)
  return Buffer.concat([Buffer.from(type), length, bytes])
}
const ready = message("Z", "I")
const welcome = Buffer.concat([message("R", Buffer.alloc(4)), ready])
const done = (text: string) => Buffer.concat([message("C", `${text.split(" ")[0]!}\0`), ready])

/** A server that does everything at once but a statement that begins with SLOW: it does that when `answer` says so. */
class SlowServer {
  readonly slow: Array<Socket> = []
  readonly sockets = new Set<Socket>()
  readonly #server: Server = createServer((socket) => {
    this.sockets.add(socket)
    socket.on("error", () => undefined).on("close", () => this.sockets.delete(socket))
    socket.once("data", () => {
      socket.write(welcome)
      socket.on("data", (bytes) => {
        const text = bytes.toString("latin1", 5, bytes.length - 1)
        if (text.startsWith("SLOW")) this.slow.push(socket)
        else if (bytes[0] === 0x51) socket.write(done(text))
      })
    })
  })

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
    return `postgres://roost@127.0.0.1:${(this.#server.address() as AddressInfo).port}/roost`
  }

  answer(sockets: ReadonlyArray<Socket>): void {
    for (const socket of sockets) socket.write(done("SLOW"))
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
  }
}

/** The sockets are real while the clock is the test's. */
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resume) => setImmediate(resume))
}

describe("connections to a slow PostgreSQL", () => {
  let server: SlowServer
  let pool: PostgresPool

  beforeEach(async () => {
    server = new SlowServer()
    pool = new PostgresPool(await server.start(), connectionsMax, { silenceMillis, statementMillis: 5_000 })
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
  })
  afterEach(async () => {
    vi.useRealTimers()
    server.stop()
    await pool.end()
  })

  const write = () =>
    pool
      .within(
        silenceMillis,
        (connections, holds) => connections.begin(holds, (session) => session.query("SLOW")),
        () => false
      )
      .then(
        () => "written",
        (error: unknown) => (error instanceof StoreUnavailable ? "unavailable" : String(error))
      )

  it("are waited for as long as any is answered: late is not away", async () => {
    const writes = Promise.all(Array.from({ length: 3 * connectionsMax }, write))
    const connections = new Set<Socket>()
    for (let turn = 1; turn <= 3; turn++) {
      await until(() => server.slow.length === connectionsMax)
      for (const socket of server.slow) connections.add(socket)
      vi.advanceTimersByTime(silenceMillis - 1)
      server.answer(server.slow.splice(0))
    }
    assert.deepStrictEqual(await writes, Array<string>(3 * connectionsMax).fill("written"))
    assert.strictEqual(connections.size, connectionsMax)
  })

  it("are given up, and whoever waits is told, when none is answered for the time", async () => {
    const writes = Promise.all(Array.from({ length: 3 * connectionsMax }, write))
    await until(() => server.slow.length === connectionsMax)
    vi.advanceTimersByTime(silenceMillis)
    assert.deepStrictEqual(await writes, Array<string>(3 * connectionsMax).fill("unavailable"))
    server.slow.length = 0
    const next = write()
    await until(() => server.slow.length === 1)
    server.answer(server.slow)
    assert.strictEqual(await next, "written")
  })

  it("are kept when one of them falls silent: its work alone is given up", async () => {
    const first = write()
    await until(() => server.slow.length === 1)
    vi.advanceTimersByTime(silenceMillis / 2)
    const others = [write(), write()]
    await until(() => server.slow.length === 3)
    server.answer(server.slow.slice(1, 2))
    assert.strictEqual(await others[0], "written")
    vi.advanceTimersByTime(silenceMillis / 2)
    assert.strictEqual(await first, "unavailable")
    server.answer(server.slow.slice(2))
    assert.strictEqual(await others[1], "written")
  })
})
