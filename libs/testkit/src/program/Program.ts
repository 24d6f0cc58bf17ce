import { type ChildProcess, spawn } from "node:child_process"
import { StringDecoder } from "node:string_decoder"
import { Guardian } from "./Guardian.ts"
import { OutputTail } from "./OutputTail.ts"

export interface ProgramOptions {
  readonly command: string
  readonly args?: ReadonlyArray<string>
  /** All that it has; this process's own environment without this. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Default: it reads nothing. */
  readonly stdin?: "pipe" | "ignore"
  /** Every chunk of stdout, and of stdout and stderr, as it comes. */
  readonly onStdout?: (chunk: Buffer) => void
  readonly onOutput?: (chunk: Buffer) => void
  /** Every whole line of stdout and of stderr. */
  readonly onLine?: (line: string) => void
  /** Sends a signal where its process group is not what has to hear it, as with a container. */
  readonly kill?: (signal: NodeJS.Signals) => void
  /** Ends it where this process is killed; default one that all programs of this process share. */
  readonly guardian?: Guardian
  /** Whether others need it until they ended. */
  readonly endsLast?: boolean
}

/** How a program ended: with a code, or by a signal. `error`: it could not be started. */
export interface ProgramExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly error?: Error
}

/**
 * - `NotStarted`: there is no such program, or it may not be run.
 * - `Died`: it ended before it was ready.
 * - `NotReady`: it did not say what was waited for in time.
 */
export class ProgramFailed extends Error {
  readonly reason: "NotStarted" | "Died" | "NotReady"
  readonly command: string
  readonly detail: string

  constructor(reason: "NotStarted" | "Died" | "NotReady", command: string, detail: string) {
    super(`${command}: ${reason}, ${detail}`)
    this.reason = reason
    this.command = command
    this.detail = detail
  }
}

/**
 * A program that this process started. It leads a process group, so that a signal reaches its descendants, and Ctrl-C at the terminal
 * reaches this process alone. Nothing of the group outlives this process, not even when that is killed.
 */
export class Program {
  readonly command: string
  /** Resolves once it ended and its output was read; never rejects. */
  readonly exited: Promise<ProgramExit>
  readonly #child: ChildProcess
  readonly #kill: (signal: NodeJS.Signals) => void
  readonly #both = new OutputTail()
  readonly #stdout = new OutputTail()
  readonly #stderr = new OutputTail()
  #exit: ProgramExit | undefined
  /** Called when it said something or ended. */
  readonly #onNews = new Set<() => void>()

  constructor(options: ProgramOptions) {
    const { args = [], command, cwd, endsLast = false, env, onLine, onOutput, onStdout, stdin = "ignore" } = options
    this.command = [command, ...args].join(" ")
    const child = spawn(command, args, {
      detached: true,
      cwd,
      env: (env ?? process.env) as NodeJS.ProcessEnv,
      stdio: [stdin, "pipe", "pipe"]
    })
    this.#child = child
    this.#kill = options.kill ?? ((signal) => child.pid !== undefined && signalGroup(child.pid, signal))
    const read = (own: OutputTail) => {
      const lines = onLine && linesOf(onLine)
      return (chunk: Buffer) => {
        own.add(chunk)
        this.#both.add(chunk)
        onOutput?.(chunk)
        lines?.(chunk)
        this.#tell()
      }
    }
    if (onStdout !== undefined) child.stdout!.on("data", onStdout)
    child.stdout!.on("data", read(this.#stdout))
    child.stderr!.on("data", read(this.#stderr))
    // Broken pipe: it ended before it read all of its input, which its exit tells.
    child.stdin?.on("error", () => undefined)
    this.exited = new Promise((resolve) => {
      const end = (exit: ProgramExit) => {
        this.#exit = exit
        this.#tell()
        resolve(exit)
      }
      child.on("error", (error) => child.pid === undefined && end({ code: null, signal: null, error }))
      // Not `exit`: by then the last output may not have come.
      child.on("close", (code, signal) => child.pid !== undefined && end({ code, signal }))
    })
    const { pid } = child
    if (pid === undefined) return
    const guardian = options.guardian ?? (shared ??= new Guardian(guardedMillis))
    guardian.watch(pid, endsLast)
    groups.add(pid)
    child.on("exit", () => {
      signalGroup(pid, "SIGKILL")
      groups.delete(pid)
      guardian.forget(pid)
    })
  }

  /** 0 if it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isRunning(): boolean {
    return this.pid !== 0 && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** How it ended; undefined while it runs, or while its output is read. */
  get exit(): ProgramExit | undefined {
    return this.#exit
  }

  /** The last `outputCharactersMax` characters that it wrote to stdout and stderr. */
  get output(): string {
    return this.#both.text
  }

  get stdout(): string {
    return this.#stdout.text
  }

  get stderr(): string {
    return this.#stderr.text
  }

  /**
   * Resolves once its output matches `said`; without that at once, if it could be started. Rejects with `ProgramFailed` if it ends
   * before, or after `withinMillis` of real time. It goes on running then.
   */
  ready(said: RegExp | undefined, withinMillis: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (then: () => void) => {
        this.#onNews.delete(look)
        clearTimeout(late)
        then()
      }
      const fail = (reason: ProgramFailed["reason"], detail: string) =>
        over(() => reject(new ProgramFailed(reason, this.command, detail)))
      const look = (): void => {
        if (said?.test(this.output)) return over(resolve)
        if (this.#exit?.error !== undefined) return fail("NotStarted", this.#exit.error.message)
        if (said === undefined) return this.pid === 0 ? undefined : over(resolve)
        if (this.#exit !== undefined) fail("Died", `${howEnded(this.#exit)}:\n${this.#lastLines()}`)
      }
      const late = setTimeout(
        () => fail("NotReady", `no ${said} in its output for ${withinMillis} ms:\n${this.#lastLines()}`),
        withinMillis
      )
      signal?.addEventListener("abort", () => over(resolve), { once: true })
      this.#onNews.add(look)
      look()
    })
  }

  /** To the program and its descendants, unless it has ended. SIGSTOP and SIGCONT pause and resume. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#kill(signal)
  }

  /** Signals, and kills after `graceMillis`. Resolves once it has ended: `forced` if it had to be killed. */
  async stop(
    signal: NodeJS.Signals = "SIGTERM",
    graceMillis = graceMillisDefault
  ): Promise<ProgramExit & { readonly forced: boolean }> {
    let forced = false
    this.signal(signal)
    // A paused process takes no signal but SIGKILL.
    this.signal("SIGCONT")
    const grace = setTimeout(() => {
      forced = true
      this.signal("SIGKILL")
    }, graceMillis)
    const exit = await this.exited
    clearTimeout(grace)
    return { ...exit, forced }
  }

  /** Needs `stdin: "pipe"`. */
  write(bytes: Uint8Array | string): void {
    this.#child.stdin?.write(bytes)
  }

  closeStdin(): void {
    this.#child.stdin?.end()
  }

  #lastLines(): string {
    return this.output.trimEnd().split("\n").slice(-linesShownMax).join("\n")
  }

  #tell(): void {
    for (const look of this.#onNews) look()
  }
}

/** A program that has ended, and all that it said. */
export interface Ran extends Pick<Program, "output" | "stderr" | "stdout"> {
  readonly exit: ProgramExit
}

/** Runs a program that ends by itself; it is killed after `withinMillis`. Rejects if it can't be started. */
export const runProgram = async (options: ProgramOptions & { readonly withinMillis?: number }): Promise<Ran> => {
  const program = new Program(options)
  const { withinMillis } = options
  const late = withinMillis === undefined ? undefined : setTimeout(() => program.signal("SIGKILL"), withinMillis)
  const exit = await program.exited
  clearTimeout(late)
  if (exit.error !== undefined) throw exit.error
  const { output, stderr, stdout } = program
  return { exit, output, stderr, stdout }
}

/** Such as `SIGKILL` or `exit code 3`. */
export const howEnded = ({ code, error, signal }: ProgramExit): string =>
  error?.message ?? signal ?? `exit code ${code}`

/** The end of a line without an end is forgotten but for so many characters. */
const lineCharactersMax = 4096

const linesOf = (onLine: (line: string) => void) => {
  const decoder = new StringDecoder("utf8")
  let rest = ""
  return (chunk: Buffer): void => {
    const lines = (rest + decoder.write(chunk)).split("\n")
    rest = lines.pop()!.slice(-lineCharactersMax)
    lines.forEach(onLine)
  }
}

const graceMillisDefault = 60_000
const linesShownMax = 20

const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal)
  } catch {
    // The whole group has ended already.
  }
}

/** Of the programs of this process that have none of their own. */
let shared: Guardian | undefined
const guardedMillis = 5_000

/** Groups that run still: a process that ends early, by process.exit or a fatal error, leaves none behind. */
const groups = new Set<number>()
process.on("exit", () => groups.forEach((group) => signalGroup(group, "SIGKILL")))
