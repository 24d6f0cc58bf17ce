import { parseArgs } from "node:util"
import { version } from "./ProcessMetrics.ts"

/** What a process says to its arguments, and how it ends then. */
export interface Answer {
  readonly text: string
  readonly exitCode: 0 | 2
}

/** Undefined without arguments: it runs. What it does not know is refused, so that no mistyped flag starts a service. */
export const answerTo = (given: ReadonlyArray<string>): Answer | undefined => {
  if (given.length === 0) return undefined
  let values
  try {
    values = parseArgs({
      args: [...given],
      options: { help: { type: "boolean" }, version: { type: "boolean" } }
    }).values
  } catch {
    const shown = given.filter((argument) => argument !== "--help" && argument !== "--version")
    return { text: `${shown.join(" ")}: expected --help, --version or nothing; ${configuredBy}`, exitCode: 2 }
  }
  return { text: values.version === true ? `roost ${version}, Node ${process.version}` : help, exitCode: 0 }
}

const configuredBy = "what an app does is set in environment variables"

const help = `Runs until SIGTERM or SIGINT. It takes no arguments but these; ${configuredBy},
of which docs/architecture.md §7 has the table. What is missing or wrong is told in one line each at the start.

  --help     this
  --version  of Roost and of Node`
