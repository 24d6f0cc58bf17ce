import { Data, Effect, type Scope } from "effect"
import { Program, type ProgramExit, type ProgramFailed } from "./program/Program.ts"

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

/** A `Program` whose waits are effects. */
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
  /** Signals (default SIGTERM), waits for the end, and kills after a minute; descendants that are left, at once. */
  readonly stop: (signal?: NodeJS.Signals) => Effect.Effect<ProcessExit>
}

/** How a process ended: with a code, or by a signal. */
export type ProcessExit = Pick<ProgramExit, "code" | "signal">

/** See `ProgramFailed`. */
export class ProcessFailed extends Data.TaggedError("ProcessFailed")<{
  readonly reason: ProgramFailed["reason"]
  readonly command: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.command}: ${this.reason}, ${this.detail}`
  }
}

const readyWithinMillisDefault = 120_000

/** Starts a program, waits until it is ready, and ends it and its descendants with the scope. */
export const childProcess = Effect.fnUntraced(function* (
  options: ChildProcessOptions
): Effect.fn.Return<ChildProcess, ProcessFailed, Scope.Scope> {
  const { env, readyWhen, readyWithinMillis = readyWithinMillisDefault, ...rest } = options
  const program = yield* Effect.acquireRelease(
    Effect.sync(() => new Program({ ...rest, env: { ...process.env, ...env }, stdin: "pipe" })),
    (program) => Effect.promise(() => program.stop())
  )
  yield* Effect.tryPromise({
    try: (signal) => program.ready(readyWhen, readyWithinMillis, signal),
    catch: (error) => {
      const { command, detail, reason } = error as ProgramFailed
      return new ProcessFailed({ command, detail, reason })
    }
  })
  const exit = Effect.map(
    Effect.promise(() => program.exited),
    exitOf
  )
  return {
    pid: program.pid,
    output: () => program.output,
    stdout: () => program.stdout,
    stderr: () => program.stderr,
    write: (bytes) => Effect.sync(() => program.write(bytes)),
    closeStdin: Effect.sync(() => program.closeStdin()),
    exit,
    signal: (signal) => Effect.sync(() => program.signal(signal)),
    stop: (signal) =>
      Effect.map(
        Effect.promise(() => program.stop(signal)),
        exitOf
      )
  }
})

const exitOf = ({ code, signal }: ProgramExit): ProcessExit => ({ code, signal })
