import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A command that ended otherwise than with 0. */
export interface Failed {
  /** Within the text that was pasted, from 1. */
  readonly line: number
  readonly command: string
  readonly exit: number
}

export interface Pasted {
  readonly failed: ReadonlyArray<Failed>
  /** stdout and stderr. */
  readonly output: string
  readonly outcome: "ended" | "left" | "late"
}

/** A command that goes on while the reader does something else. */
export interface Running {
  readonly output: () => string
  /** As Ctrl-C, then by force. */
  readonly stop: () => Promise<void>
}

/** Differences from a terminal: no progress meter, and an HTTP error is an exit code, so that it can't pass for an answer. */
const preamble = `
curl() { command curl --silent --show-error --fail-with-body "$@"; }
export -f curl
__failed() { printf 'failed\\0%s\\0%s\\0%s\\0' "$1" "$2" "$3" >&3; }
`
const pollMillis = 50
const graceMillis = 5_000

/** One bash, into which texts are pasted one after another; variables, functions and folders last, as in a terminal. */
export class Shell {
  readonly #bash: ChildProcess
  readonly #folder = mkdtempSync(join(tmpdir(), "roost-shell-"))
  readonly #records: Array<string> = []
  readonly #groups = new Set<number>()
  #unread = ""
  #count = 0
  #late = false

  constructor(options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> }) {
    this.#bash = spawn("bash", ["--noprofile", "--norc", "-u"], {
      ...options,
      detached: true,
      stdio: ["pipe", "ignore", "ignore", "pipe"]
    })
    process.once("exit", () => [...this.#groups, this.#bash.pid!].forEach((group) => signalGroup(group, "SIGKILL")))
    this.#bash.stdin!.on("error", () => undefined)
    const records = this.#bash.stdio[3] as NodeJS.ReadableStream
    records.on("data", (chunk: Buffer) => {
      const parts = (this.#unread + chunk.toString()).split("\0")
      this.#unread = parts.pop()!
      this.#records.push(...parts)
    })
    this.#bash.stdin!.write(preamble)
  }

  /** Waits for the end of the last command; after `millisMax` the shell is of no more use. */
  async paste(text: string, millisMax: number): Promise<Pasted> {
    const { output, script } = this.#file(text)
    this.#records.length = 0
    this.#bash.stdin!.write(
      `trap '__failed "$?" "$LINENO" "$BASH_COMMAND"' ERR; . ${script} >${output} 2>&1 </dev/null; trap - ERR; printf 'end\\0' >&3\n`
    )
    const ended = await holds(() => this.#records.includes("end") || this.#left, millisMax)
    const failed: Array<Failed> = []
    for (let i = 0; i + 3 < this.#records.length && this.#records[i] === "failed"; i += 4) {
      const [exit, line, command] = this.#records.slice(i + 1, i + 4)
      failed.push({ exit: Number(exit), line: Number(line), command: command! })
    }
    this.#late = !ended
    // The text as a whole fails with its last command; told once is enough.
    const own = failed.filter(({ command }) => !command.startsWith(`. ${script}`))
    return {
      failed: own.length > 0 ? own : failed.map(({ exit }) => ({ exit, line: 1, command: text.trim() })),
      output: read(output),
      outcome: this.#records.includes("end") ? "ended" : ended ? "left" : "late"
    }
  }

  /** Runs a text in a shell of its own with this one's variables. */
  async start(text: string): Promise<Running> {
    const { output, script } = this.#file(text)
    this.#records.length = 0
    this.#bash.stdin!.write(
      `set -m; ( . ${script} ) >${output} 2>&1 </dev/null & printf 'pid\\0%s\\0' "$!" >&3; set +m\n`
    )
    await holds(() => this.#records.length >= 2 || this.#left, graceMillis)
    const group = Number(this.#records[1])
    this.#groups.add(group)
    return { output: () => read(output), stop: () => this.#end(group, "SIGINT") }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#groups].map((group) => this.#end(group, "SIGINT")))
    await this.#end(this.#bash.pid!, "SIGTERM")
  }

  /** Whether nothing can be pasted any more: bash left, or a text didn't end in time. */
  get ended(): boolean {
    return this.#late || this.#left
  }

  get #left(): boolean {
    return this.#bash.exitCode !== null || this.#bash.signalCode !== null
  }

  #file(text: string) {
    const script = join(this.#folder, `${++this.#count}.sh`)
    writeFileSync(script, text)
    const output = `${script}.out`
    writeFileSync(output, "")
    return { output, script }
  }

  async #end(group: number, signal: NodeJS.Signals): Promise<void> {
    this.#groups.delete(group)
    signalGroup(group, signal)
    if (!(await holds(() => !signalGroup(group, 0), graceMillis))) signalGroup(group, "SIGKILL")
  }
}

const read = (file: string): string => readFileSync(file, "utf8")

/** Whether it came to hold in time. */
export const holds = async (condition: () => boolean, millisMax: number): Promise<boolean> => {
  for (const end = Date.now() + millisMax; !condition();) {
    if (Date.now() > end) return false
    await new Promise((resume) => setTimeout(resume, pollMillis))
  }
  return true
}

/** Whether the group is there. */
const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-group, signal)
    return true
  } catch {
    return false
  }
}
