import { StoreUnavailable } from "@roost/contracts"
import { Effect, type Scope } from "effect"
import { Worker } from "node:worker_threads"
import type { Row } from "../sql/Values.ts"
import type { DeviceIndex } from "./DeviceIndex.ts"
import type { SearchAnswer } from "./SearchIndex.ts"
import type { SearchCall, SearchFiles, SearchReply } from "./SearchWorker.ts"

/** Searches that wait for the thread; one more is refused. */
const waitingMax = 64
/** How long changes are gathered before they are brought into the index. */
const gatherMillis = 250

/** The work of a SQLite file's other thread. */
export interface SqliteAside {
  readonly index: DeviceIndex
  /** Says whether all of the file's log is moved. */
  readonly moveLog: Effect.Effect<boolean>
}

/**
 * The search of a SQLite file in a thread of its own, which also moves the file's log. However long it takes, the registry's thread answers
 * devices meanwhile. The thread begins with the first call or change, and one that ended is followed by another one. `indexed` hears
 * which changes are in the index.
 */
export const openSqliteSearch = (
  files: SearchFiles,
  indexed: (change: number) => void
): Effect.Effect<SqliteAside, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new SearchThread(files, indexed)),
      (thread) => Effect.promise(() => thread.close())
    ),
    (thread) => ({
      index: {
        search: (search) => thread.ask({ search }) as Effect.Effect<SearchAnswer>,
        countByStatus: thread.ask("countByStatus") as Effect.Effect<ReadonlyArray<Row>>,
        changed: () => thread.keepUpSoon()
      },
      moveLog: thread.ask("moveLog") as Effect.Effect<boolean>
    })
  )

interface Waiting {
  readonly done: (answer: unknown) => void
  readonly failed: (why: string) => void
}

class SearchThread {
  readonly #files: SearchFiles
  readonly #indexed: (change: number) => void
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #call = 0
  #keepUp: NodeJS.Timeout | undefined
  #closed = false

  constructor(files: SearchFiles, indexed: (change: number) => void) {
    this.#files = files
    this.#indexed = indexed
  }

  ask(ask: SearchCall["ask"]): Effect.Effect<unknown> {
    return Effect.callback<unknown>((resume) => {
      const failed = (why: string) =>
        resume(Effect.die(new StoreUnavailable(`the search is not available: ${why}`, { mayHaveHappened: false })))
      if (this.#waiting.size >= waitingMax) return failed(`${waitingMax} searches wait already`)
      const call = ++this.#call
      this.#waiting.set(call, { done: (answer) => resume(Effect.succeed(answer)), failed })
      this.#send({ call, ask })
      return Effect.sync(() => this.#waiting.delete(call))
    })
  }

  keepUpSoon(): void {
    this.#keepUp ??= setTimeout(() => {
      this.#keepUp = undefined
      this.#send({ call: 0, ask: "keepUp" })
    }, gatherMillis).unref()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#keepUp)
    await this.#worker?.terminate()
  }

  #send(call: SearchCall): void {
    if (this.#closed) return
    this.#worker ??= this.#launch()
    // A worker's port has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(call)
  }

  #launch(): Worker {
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: this.#files })
    worker.unref()
    let why = "its thread ended"
    worker.on("message", (reply: SearchReply) => {
      if ("indexed" in reply) return this.#indexed(reply.indexed)
      const waiting = this.#waiting.get(reply.call)
      this.#waiting.delete(reply.call)
      if ("fault" in reply) waiting?.failed(reply.fault)
      else waiting?.done(reply.answer)
    })
    worker.on("error", (error) => (why = String(error)))
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = undefined
      for (const { failed } of this.#waiting.values()) failed(why)
      this.#waiting.clear()
    })
    return worker
  }
}

/** In a bundle it lies beside the app. */
const workerFile = import.meta.url.endsWith(".ts") ? "./SearchWorker.ts" : "./SearchWorker.mjs"
