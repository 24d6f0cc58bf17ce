import type { Setting, Variable } from "@roost/contracts"
import { parseArgs } from "node:util"
import { version } from "./ProcessMetrics.ts"

/** An app's description, for `--help` and its log. */
export interface App {
  readonly name: string
  /** Ends the sentence that begins with the name. */
  readonly does: string
  /** All that it reads from the environment; checked before anything else happens. */
  readonly settings: ReadonlyArray<Setting<unknown>>
}

/** A process's answer to its arguments, and its exit code. */
export interface Answer {
  readonly text: string
  readonly exitCode: 0 | 2
}

/** The task of an app with its configuration: it runs by it, says what is wrong with it, or shows it. */
export interface Task {
  readonly what: "run" | "check" | "print"
  /** A configuration file. */
  readonly file: string | undefined
}

/**
 * Without arguments it runs. An unknown argument is refused, so that no mistyped flag starts a service.
 */
export const answerTo = (given: ReadonlyArray<string>, app: App): Answer | Task => {
  let values
  try {
    values = parseArgs({ args: [...given], options }).values
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && given.includes("--config")) {
      return { text: "--config: expected a file behind it", exitCode: 2 }
    }
    const shown = given.filter((argument) => !takenAlone.includes(argument))
    return {
      text: `${shown.join(" ")}: expected ${takenAlone.join(", ")}, --config FILE or nothing; ${configuredBy}`,
      exitCode: 2
    }
  }
  if (values.version === true) return { text: versionText(app.name), exitCode: 0 }
  if (values.help === true) return { text: helpText(app), exitCode: 0 }
  if (values.config === "") return { text: "--config: expected a file behind it", exitCode: 2 }
  const what = values["print-config"] === true ? "print" : values.check === true ? "check" : "run"
  return { what, file: values.config }
}

const options = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  check: { type: "boolean" },
  "print-config": { type: "boolean" },
  config: { type: "string" }
} as const
const takenAlone = ["--help", "--version", "--check", "--print-config"]

const configuredBy = "what an app does is set in environment variables or a file of them"

const versionText = (name: string): string => `${name} of roost ${version}, Node ${process.version}`

const helpText = ({ does, name, settings }: App): string => {
  const variables = variablesOf(settings).filter(({ name }) => !ofOneStream.test(name))
  const rows = variables.map(({ meaning, name, otherwise }) => [name, otherwise ?? "required", meaning] as const)
  if (settings.some(({ variables }) => variables.some(({ name }) => ofOneStream.test(name)))) {
    rows.push(
      ["ROOST_STREAM_{NAME}_MAX_BYTES", "its part", "bytes of one stream or bucket, such as UPLINK"],
      ["ROOST_STREAM_{NAME}_MAX_AGE_SECONDS", "its own", "seconds that it keeps what it holds; 0: until it is deleted"],
      ["ROOST_STREAM_{NAME}_WHEN_FULL", "its own", "of a stream: refuse or drop-oldest"]
    )
  }
  const [first, second] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map(([name, otherwise, meaning]) =>
    `  ${name.padEnd(first!)}  ${otherwise.padEnd(second!)}  ${meaning}`.trimEnd()
  )
  return `${name} ${does}. It runs until SIGTERM or SIGINT, then drains.

  --help          this
  --version       of Roost and of Node
  --config FILE   variables that the environment does not have: lines of NAME=value
  --check         says what is wrong with the configuration, and ends
  --print-config  shows each variable's value and where it is from, no secrets, and ends

It takes no other arguments; ${configuredBy} (name, default, meaning):

${lines.join("\n")}

What is missing or wrong ends it at once with exit code 1 and a line for each. docs/operations.md has more.`
}

const ofOneStream = /^ROOST_STREAM_/

/** Each once. */
export const variablesOf = (settings: ReadonlyArray<Setting<unknown>>): ReadonlyArray<Variable> => [
  ...new Map(settings.flatMap(({ variables }) => variables.map((variable) => [variable.name, variable]))).values()
]
