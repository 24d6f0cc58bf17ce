import { spawnSync } from "node:child_process"
import { hasAnswer } from "./Answer.ts"
import type { Elsewhere } from "./Elsewhere.ts"
import type { Finding, Step } from "./Mark.ts"
import { holds, type Running, Shell } from "./Shell.ts"

/** Of a block, on a busy machine: a build is the longest. */
const pasteMillisMax = 600_000
/** Until what a page shows has come; a demo meter reports every ten seconds. */
const answerMillisMax = 60_000
const askAgainMillis = 500
/** Of an output, in a finding. */
const shownCharactersMax = 2_000

export interface Read {
  readonly findings: ReadonlyArray<Finding>
  readonly blocks: number
  /** Blocks that need a program which this machine has not. */
  readonly leftOut: ReadonlyArray<Finding>
}

/** Pastes what a page has to paste, in its order, into one terminal in the folder `cwd`; a block that doesn't end is the last. */
export const readPage = async (
  steps: ReadonlyArray<Step>,
  options: {
    readonly cwd: string
    readonly env: Readonly<Record<string, string>>
    readonly elsewhere: Elsewhere
    readonly told?: (step: Step) => void
  }
): Promise<Read> => {
  await using shell = new Shell(options)
  const findings: Array<Finding> = []
  const leftOut: Array<Finding> = []
  const background: Array<Background> = []
  let read = 0
  for (const step of steps) {
    const { block, run } = step
    if (shell.ended) break
    read++
    const missing = run.needs.filter((program) => !isOnPath(program, options.env))
    if (missing.length > 0) {
      leftOut.push({ page: block.page, line: block.line, message: `needs ${missing.join(", ")}` })
      continue
    }
    options.told?.(step)
    findings.push(...(await runStep(shell, step, options.elsewhere, background)))
  }
  for (const { line, running } of findings.length === 0 ? [] : background) {
    const output = shown(options.elsewhere.back(running.output()))
    findings.push({ page: steps[0]!.block.page, line, message: `what ran meanwhile printed:\n${output}` })
  }
  return { findings, leftOut, blocks: read - leftOut.length }
}

/** A command that runs until the end of its page. */
interface Background {
  readonly line: number
  readonly running: Running
}

const runStep = async (
  shell: Shell,
  step: Step,
  elsewhere: Elsewhere,
  background: Array<Background>
): Promise<ReadonlyArray<Finding>> => {
  const { block, run } = step
  const text = elsewhere.there(block.text)
  const find = (line: number, message: string): Finding => ({ page: block.page, line, message })
  if (run.manner === "endless" || run.manner === "background") {
    const running = await shell.start(text)
    const findings = await awaitAnswers(step, running, elsewhere)
    if (run.manner === "endless") await running.stop()
    else background.push({ line: block.line, running })
    return findings
  }
  for (const end = Date.now() + answerMillisMax; ;) {
    const { failed, outcome, output: came } = await shell.paste(text, pasteMillisMax)
    const output = elsewhere.back(came)
    if (outcome !== "ended") {
      const how = outcome === "late" ? `did not end within ${pasteMillisMax / 1000} s` : "ended the shell"
      return [find(block.line, `${how}:\n${quoted(block.text)}\n${shown(output)}`)]
    }
    const wrong =
      run.exit === 0
        ? failed
        : failed.length === 1 && failed[0]!.exit === run.exit
          ? []
          : [...failed, ...(failed.length === 0 ? [{ line: 1, command: block.text.trim(), exit: 0 }] : [])]
    const [first] = wrong
    const unanswered = step.answers.find((answer) => !hasAnswer(output, answer.text))
    if (first === undefined && unanswered === undefined) return []
    if (run.manner === "repeat" && Date.now() < end) {
      await new Promise((resume) => setTimeout(resume, askAgainMillis))
      continue
    }
    if (first !== undefined) {
      const expected = run.exit === 0 ? "" : `, expected ${run.exit}`
      const line = block.line + first.line
      // In a function, bash names the command that it ended with.
      const command = block.text
        .split("\n")
        .slice(first.line - 1)
        .join("\n")
      return [find(line, `exit ${first.exit}${expected}:\n${quoted(command)}\n${shown(output)}`)]
    }
    return [
      find(unanswered!.line, `the answer of line ${block.line} is another:\n${quoted(block.text)}\n${shown(output)}`)
    ]
  }
}

const awaitAnswers = async ({ answers, block }: Step, running: Running, elsewhere: Elsewhere) => {
  const findings: Array<Finding> = []
  for (const answer of answers) {
    if (await holds(() => hasAnswer(elsewhere.back(running.output()), answer.text), answerMillisMax)) continue
    findings.push({
      page: block.page,
      line: answer.line,
      message:
        `what line ${block.line} prints did not come within ${answerMillisMax / 1000} s:\n` +
        `${quoted(block.text)}\n${shown(elsewhere.back(running.output()))}`
    })
  }
  return findings
}

const quoted = (command: string): string => command.trimEnd().replaceAll(/^/gm, "  $ ")

const shown = (output: string): string =>
  (output.trim() === "" ? "(it printed nothing)" : output.trimEnd().slice(-shownCharactersMax)).replaceAll(
    /^/gm,
    "  | "
  )

const isOnPath = (program: string, env: Readonly<Record<string, string>>): boolean =>
  spawnSync("sh", ["-c", `command -v "${program}"`], { env }).status === 0
