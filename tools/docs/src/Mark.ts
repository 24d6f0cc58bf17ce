import type { Block } from "./Block.ts"

/** A page's mark of a block, behind its language. */
export type Mark =
  | Run
  /** The answer of the last block before it that runs. */
  | { readonly _tag: "Answer" }
  | { readonly _tag: "NotRun"; readonly reason: string }
  /** No command. */
  | { readonly _tag: "Text" }

export interface Run {
  readonly _tag: "Run"
  /**
   * - `once`
   * - `repeat`: a reader who asks too early asks again, until the answer comes.
   * - `endless`: until its answer came, then Ctrl-C.
   * - `background`: in a terminal of its own, to the end of the page.
   */
  readonly manner: "once" | "repeat" | "endless" | "background"
  /** Of the block's last command. */
  readonly exit: number
  /** Programs without which the block is left out, and told so. */
  readonly needs: ReadonlyArray<string>
}

export interface Finding {
  readonly page: string
  readonly line: number
  readonly message: string
}

const commandLanguages = new Set(["sh", "bash", "shell", "console", "zsh", "fish", "powershell", "dash"])
const manners = ["once", "repeat", "endless", "background"] as const
const reasonCharactersMin = 10

/** The mark of a block, or what is wrong with it. */
export const markOf = (block: Block): Mark | string => {
  const { language, mark } = block
  if (language === "") return "a block without a language: text, if it is no command"
  if (mark === "answer") return { _tag: "Answer" }
  const command = commandLanguages.has(language)
  if (mark === "") {
    return command ? 'a command that is neither marked run nor not-run="why"' : { _tag: "Text" }
  }
  if (!command) return `${language} ${mark}: only commands are run; text is expected without a mark, or with answer`
  const [, reason] = /^not-run="([^"]*)"$/.exec(mark) ?? []
  if (reason !== undefined) {
    return reason.length < reasonCharactersMin ? "not-run without a reason" : { _tag: "NotRun", reason }
  }
  return runOf(block)
}

const runOf = ({ language, mark, text }: Block): Run | string => {
  const [verb, ...words] = mark.split(" ")
  if (verb !== "run") return `${mark}: run, not-run="why" or answer is expected`
  if (language !== "sh" && language !== "bash") return `${language} run: sh or bash is expected`
  if (/…|\.\.\.(?![\w/])/.test(text)) return "a command with … is marked run: write it in full"
  let [manner, exit, needs]: [Run["manner"], number, ReadonlyArray<string>] = ["once", 0, []]
  for (const word of words) {
    const found = manners.find((one) => one === word)
    const [, name, value] = /^(exit|needs)=(.+)$/.exec(word) ?? []
    if (found !== undefined) manner = found
    else if (name === "exit" && /^\d+$/.test(value!)) exit = Number(value)
    else if (name === "needs") needs = value!.split(",")
    else return `run ${word}: ${manners.join(", ")}, exit=CODE or needs=PROGRAM is expected`
  }
  return { _tag: "Run", manner, exit, needs }
}

/** A block that runs, and what the page says that it answers. */
export interface Step {
  readonly block: Block
  readonly run: Run
  readonly answers: ReadonlyArray<Block>
}

/** The blocks of a page that run, in its order, and the faults of its marks. */
export const stepsOf = (blocks: ReadonlyArray<Block>): { steps: ReadonlyArray<Step>; findings: Array<Finding> } => {
  const steps: Array<{ block: Block; run: Run; answers: Array<Block> }> = []
  const findings: Array<Finding> = []
  /** Whether the last command before here runs, so that an answer can be its. */
  let answerable = false
  for (const block of blocks) {
    const find = (message: string) => void findings.push({ page: block.page, line: block.line, message })
    const mark = markOf(block)
    if (typeof mark === "string") {
      find(mark)
    } else if (mark._tag === "Run") {
      steps.push({ block, run: mark, answers: [] })
      answerable = true
    } else if (mark._tag === "NotRun") {
      answerable = false
    } else if (mark._tag === "Answer") {
      if (answerable) steps.at(-1)!.answers.push(block)
      else find("an answer, and no command before it that runs")
    }
  }
  for (const { answers, block, run } of steps) {
    if (answers.length > 0 || (run.manner !== "repeat" && run.manner !== "endless")) continue
    findings.push({ page: block.page, line: block.line, message: `run ${run.manner}: an answer has to follow` })
  }
  return { steps, findings }
}
