import { type ChildProcess, spawn } from "node:child_process"
import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs"
import { dirname } from "node:path"
import { Guardian } from "./Guardian.ts"

/** How long a child may take to end after SIGTERM before it is killed. */
export const graceMillis = 8_000
/** Waits between restarts of a child that died: doubled each time up to the last one. */
export const restartMillisMin = 500
export const restartMillisMax = 15_000
/** A child that lived so long starts its waits from the beginning: this death has nothing to do with those before it. */
export const steadyMillis = 60_000
/** Deaths before its first sign of life after which a child is given up, with everything else. */
export const startsMax = 3
/** A log larger than this at the start becomes `.1`. */
export const logBytesMax = 8 * 1024 * 1024
/** The child that the others need until they ended. */
export const busName = "nats-server"
/** Last output that a death is reported with. */
const tailLines = 12

export interface ChildSpec {
  readonly name: string
  readonly command: string
  /** `again`: it ended and is started once more. */
  readonly args: (again: boolean) => ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
  /** Called with each line of output. */
  readonly onLine?: (line: string) => void
}

export interface ChildEvents {
  readonly died: (name: string, how: string, tail: ReadonlyArray<string>, restartMillis: number | undefined) => void
}

/**
 * The processes of one `npm start`: all of them children of this one, each with its log, started again when they die,
 * ended together. Nothing outlives it: a guardian ends the children of a supervisor that was killed.
 */
export class Children {
  readonly #events: ChildEvents
  readonly #guardian: Guardian
  readonly #running = new Map<string, Running>()
  #stopping = false

  /** `grace`: milliseconds that the children of a killed supervisor have to end by themselves. */
  constructor(events: ChildEvents, grace = graceMillis) {
    this.#events = events
    this.#guardian = new Guardian(grace)
  }

  start(spec: ChildSpec): void {
    this.#running.set(spec.name, new Running(spec, this.#events, this.#guardian, () => this.#stopping))
  }

  pidOf(name: string): number | undefined {
    return this.#running.get(name)?.pid
  }

  /** The child has shown that it works: later deaths start it again for ever. */
  settled(name: string): void {
    this.#running.get(name)?.settle()
  }

  /** SIGTERM to all, SIGKILL after the grace period; the bus goes last, since the apps drain over it. */
  async stop(): Promise<void> {
    this.#stopping = true
    const bus = this.#running.get(busName)
    await Promise.all([...this.#running.values()].map((running) => (running === bus ? undefined : running.stop())))
    await bus?.stop()
    this.#guardian.close()
  }

  killAll(): void {
    this.#stopping = true
    for (const running of this.#running.values()) running.kill()
  }
}

class Running {
  readonly #spec: ChildSpec
  readonly #events: ChildEvents
  readonly #guardian: Guardian
  readonly #stopping: () => boolean
  readonly #log: WriteStream
  #child: ChildProcess | undefined
  #tail: Array<string> = []
  #starts = 0
  #launchedAt = 0
  #settled = false
  #restart: NodeJS.Timeout | undefined
  #exited: Promise<void> = Promise.resolve()

  constructor(spec: ChildSpec, events: ChildEvents, guardian: Guardian, stopping: () => boolean) {
    this.#spec = spec
    this.#events = events
    this.#guardian = guardian
    this.#stopping = stopping
    this.#log = openLog(spec.logFile)
    this.#launch()
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  settle(): void {
    this.#settled = true
    this.#starts = 0
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart)
    const timer = setTimeout(() => this.#child?.kill("SIGKILL"), graceMillis)
    this.#child?.kill("SIGTERM")
    await this.#exited
    clearTimeout(timer)
    this.#log.end()
  }

  kill(): void {
    clearTimeout(this.#restart)
    this.#child?.kill("SIGKILL")
  }

  #launch(): void {
    const { args, command, env } = this.#spec
    const again = this.#launchedAt > 0
    this.#starts++
    this.#launchedAt = performance.now()
    this.#tail = []
    const child = spawn(command, args(again), {
      env: env as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own: Ctrl-C reaches the supervisor alone, which ends the bus last.
      detached: true
    })
    this.#child = child
    const { pid } = child
    if (pid !== undefined) {
      this.#guardian.watch(pid, this.#spec.name === busName)
      child.once("exit", () => this.#guardian.forget(pid))
    }
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#ended(error.message)
        resolve()
      })
      // Not `exit`: by then the last output may not have come.
      child.once("close", (code, signal) => {
        this.#ended(signal === null ? `exit code ${code}` : signal)
        resolve()
      })
    })
    this.#follow(child.stdout!)
    this.#follow(child.stderr!)
  }

  #follow(stream: NodeJS.ReadableStream): void {
    let rest = ""
    stream.setEncoding("utf8").on("data", (chunk: string | Buffer) => {
      this.#log.write(chunk)
      const lines = (rest + String(chunk)).split("\n")
      rest = lines.pop()!.slice(-4096)
      for (const line of lines) {
        this.#tail.push(line)
        this.#spec.onLine?.(line)
      }
      this.#tail = this.#tail.slice(-tailLines)
    })
  }

  #ended(how: string): void {
    this.#child = undefined
    if (this.#stopping()) return
    this.#starts = startsAfter(this.#starts, performance.now() - this.#launchedAt)
    const givenUp = !this.#settled && this.#starts >= startsMax
    const wait = givenUp ? undefined : restartMillis(this.#starts)
    this.#events.died(this.#spec.name, how, this.#tail, wait)
    if (wait !== undefined) this.#restart = setTimeout(() => this.#launch(), wait)
  }
}

/** The starts that count for the next wait, after one more life of `livedMillis`. */
export const startsAfter = (starts: number, livedMillis: number): number => (livedMillis >= steadyMillis ? 1 : starts)

/** The wait before start number `starts` + 1. */
export const restartMillis = (starts: number): number =>
  Math.min(restartMillisMax, restartMillisMin * 2 ** (starts - 1))

const openLog = (file: string): WriteStream => {
  mkdirSync(dirname(file), { recursive: true })
  try {
    if (statSync(file).size > logBytesMax) renameSync(file, `${file}.1`)
  } catch {
    // There is none yet.
  }
  return createWriteStream(file, { flags: "a", mode: 0o600 })
}
