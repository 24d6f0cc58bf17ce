import { Data, Deferred, Effect, type Scope } from "effect"
import { spawn } from "node:child_process"
import { StringDecoder } from "node:string_decoder"

export interface ChildProcessOptions {
  readonly command: string
  readonly args?: ReadonlyArray<string>
  /** On top of this process's own environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Ready once its output, stdout and stderr together, matches. Absent: as soon as it runs. */
  readonly readyWhen?: RegExp
  /** Default two minutes, of real time also under a TestClock. */
  readonly readyWithinMillis?: number
  /** Every chunk of stdout as it comes. */
  readonly onStdout?: (chunk: Uint8Array) => void
}

/** How a process ended: with a code, or by a signal. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildProcess {
  readonly pid: number
  /** The last `outputCharactersMax` characters it wrote to stdout and stderr. */
  readonly output: () => string
  readonly stdout: () => string
  readonly stderr: () => string
  readonly write: (bytes: Uint8Array | string) => Effect.Effect<void>
  readonly closeStdin: Effect.Effect<void>
  /** Waits until it ended and its output was read. */
  readonly exit: Effect.Effect<ProcessExit>
  /** To the process and its descendants. SIGSTOP and SIGCONT pause and resume. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Signals (default SIGTERM), waits for the end, and kills after `graceMillis`; descendants that are left, at once. */
  readonly stop: (signal?: NodeJS.Signals) => Effect.Effect<ProcessExit>
}

/**
 * - `NotStarted`: there is no such program, or it may not be run.
 * - `Died`: it ended before it was ready.
 * - `NotReady`: it did not say what was waited for in time.
 */
export class ProcessFailed extends Data.TaggedError("ProcessFailed")<{
  readonly reason: "NotStarted" | "Died" | "NotReady"
  readonly command: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.command}: ${this.reason}, ${this.detail}`
  }
}

export const outputCharactersMax = 256 * 1024
const graceMillis = 60_000
const readyWithinMillisDefault = 120_000
const linesShownMax = 20

/** Starts a program, waits until it is ready, and ends it and its descendants with the scope. */
export const childProcess = Effect.fnUntraced(function* (
  options: ChildProcessOptions
): Effect.fn.Return<ChildProcess, ProcessFailed, Scope.Scope> {
  const { child, ready } = yield* Effect.acquireRelease(
    Effect.sync(() => start(options)),
    ({ child }) => child.stop()
  )
  yield* ready
  return child
})

const start = (options: ChildProcessOptions) => {
  const command = [options.command, ...(options.args ?? [])].join(" ")
  // Leader of a group of its own, so that a signal reaches its descendants too.
  const running = spawn(options.command, options.args ?? [], {
    detached: true,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: "pipe"
  })
  const ready = Deferred.makeUnsafe<void, ProcessFailed>()
  const exit = Deferred.makeUnsafe<ProcessExit>()
  const both = new Tail()
  const stdout = new Tail()
  const stderr = new Tail()
  const fail = (reason: ProcessFailed["reason"], detail: string) =>
    Deferred.doneUnsafe(ready, Effect.fail(new ProcessFailed({ reason, command, detail })))
  const lastLines = () => both.text.trimEnd().split("\n").slice(-linesShownMax).join("\n")

  const { readyWithinMillis = readyWithinMillisDefault } = options
  const deadline = setTimeout(
    () => fail("NotReady", `no ${options.readyWhen} in its output for ${readyWithinMillis} ms:\n${lastLines()}`),
    readyWithinMillis
  )
  const read = (own: Tail) => (chunk: Buffer) => {
    own.add(chunk)
    both.add(chunk)
    if (options.readyWhen?.test(both.text)) Deferred.doneUnsafe(ready, Effect.void)
  }
  running.stdout.on("data", (chunk: Buffer) => options.onStdout?.(chunk))
  running.stdout.on("data", read(stdout))
  running.stderr.on("data", read(stderr))
  // Broken pipe: it ended before it read all of its input, which its exit tells.
  running.stdin.on("error", () => undefined)
  running.on("spawn", () => {
    groups.add(running.pid!)
    if (options.readyWhen === undefined) Deferred.doneUnsafe(ready, Effect.void)
  })
  running.on("error", (error) => {
    fail("NotStarted", error.message)
    clearTimeout(deadline)
    if (running.pid === undefined) Deferred.doneUnsafe(exit, Effect.succeed({ code: null, signal: null }))
  })
  running.on("exit", () => {
    signalGroup(running.pid!, "SIGKILL")
    groups.delete(running.pid!)
  })
  running.on("close", (code, signal) => {
    clearTimeout(deadline)
    fail("Died", `${signal ?? `exit code ${code}`}:\n${lastLines()}`)
    Deferred.doneUnsafe(exit, Effect.succeed({ code, signal }))
  })

  const signal = (name: NodeJS.Signals) =>
    Effect.sync(() => void (Deferred.isDoneUnsafe(exit) || signalGroup(running.pid!, name)))
  const stop = (name: NodeJS.Signals = "SIGTERM") =>
    Effect.suspend(() => {
      if (Deferred.isDoneUnsafe(exit)) return Deferred.await(exit)
      signalGroup(running.pid!, name)
      // A paused process takes no signal but SIGKILL.
      signalGroup(running.pid!, "SIGCONT")
      const grace = setTimeout(() => signalGroup(running.pid!, "SIGKILL"), graceMillis)
      return Effect.ensuring(
        Deferred.await(exit),
        Effect.sync(() => clearTimeout(grace))
      )
    })
  const child: ChildProcess = {
    pid: running.pid ?? 0,
    output: () => both.text,
    stdout: () => stdout.text,
    stderr: () => stderr.text,
    write: (bytes) => Effect.sync(() => void running.stdin.write(bytes)),
    closeStdin: Effect.sync(() => void running.stdin.end()),
    exit: Deferred.await(exit),
    signal,
    stop
  }
  return {
    child,
    ready: Effect.ensuring(
      Deferred.await(ready),
      Effect.sync(() => clearTimeout(deadline))
    )
  }
}

/** Text of a stream, the oldest of it forgotten. */
class Tail {
  readonly #decoder = new StringDecoder("utf8")
  text = ""

  add(chunk: Buffer): void {
    this.text += this.#decoder.write(chunk)
    if (this.text.length > 2 * outputCharactersMax) this.text = this.text.slice(-outputCharactersMax)
  }
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal)
  } catch {
    // The whole group has ended already.
  }
}

/** Groups still running: a test run that ends early, by process.exit or a fatal error, leaves none behind. */
const groups = new Set<number>()
process.on("exit", () => groups.forEach((pid) => signalGroup(pid, "SIGKILL")))
