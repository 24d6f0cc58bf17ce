import { Guardian, howEnded, Program } from "@roost/testkit/program"
import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs"
import { dirname } from "node:path"

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
  proved(name: string): void {
    this.#running.get(name)?.prove()
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
  #program: Program
  #starts = 0
  #launchedAt = 0
  #proved = false
  #restart: NodeJS.Timeout | undefined

  constructor(spec: ChildSpec, events: ChildEvents, guardian: Guardian, stopping: () => boolean) {
    this.#spec = spec
    this.#events = events
    this.#guardian = guardian
    this.#stopping = stopping
    this.#log = openLog(spec.logFile)
    this.#program = this.#launch(false)
  }

  get pid(): number | undefined {
    return this.#program.isRunning ? this.#program.pid : undefined
  }

  prove(): void {
    this.#proved = true
    this.#starts = 0
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart)
    await this.#program.stop("SIGTERM", graceMillis)
    this.#log.end()
  }

  kill(): void {
    clearTimeout(this.#restart)
    this.#program.signal("SIGKILL")
  }

  #launch(again: boolean): Program {
    const { args, command, env, name } = this.#spec
    this.#starts++
    this.#launchedAt = performance.now()
    const tail: Array<string> = []
    const onLine = (line: string) => {
      tail.push(line)
      if (tail.length > tailLines) tail.shift()
      this.#spec.onLine?.(line)
    }
    const program = new Program({
      command,
      args: args(again),
      env,
      guardian: this.#guardian,
      endsLast: name === busName,
      onOutput: (chunk) => this.#log.write(chunk),
      onLine
    })
    void program.exited.then((exit) => this.#ended(howEnded(exit), tail))
    return program
  }

  #ended(how: string, tail: ReadonlyArray<string>): void {
    if (this.#stopping()) return
    this.#starts = startsAfter(this.#starts, performance.now() - this.#launchedAt)
    const givenUp = !this.#proved && this.#starts >= startsMax
    const wait = givenUp ? undefined : restartMillis(this.#starts)
    this.#events.died(this.#spec.name, how, tail, wait)
    if (wait !== undefined) this.#restart = setTimeout(() => (this.#program = this.#launch(true)), wait)
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
