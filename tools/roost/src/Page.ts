import { type Command, Completions } from "effect/cli"
import { exitCodes } from "./ExitCode.ts"
import { faults } from "./doctor/Finding.ts"

/** Characters of a line. */
const lineLengthMax = 158

/** `docs/cli.md`: every command, as its definition has it. */
export const pageOf = (command: Command.Command.Any): string => {
  const descriptor = Completions.fromCommand(command)
  return `${[
    "# The command roost",
    wrapped(
      "Made from the definitions of the commands by `npm run docs -- --write`; a test compares. " +
        "[tools/roost](../tools/roost/README.md) says how a Roost is found, and what the output and the exit codes are. Each command has this page's part with `--help`."
    ),
    "`-o`, `--output` (`table`, `json`, `yaml`, `csv`), `-c`, `--context NAME` and `--url URL` go with every command.",
    "## Exit codes",
    Object.values(exitCodes)
      .map(({ code, meaning }) => item(`${code}: ${meaning}`))
      .concat(item("130: Ctrl-C"))
      .join("\n"),
    ...command.subcommands.flatMap(({ commands }) =>
      commands.flatMap((inner) => {
        const innerDescriptor = descriptor.subcommands.find(({ name }) => name === inner.name)!
        return ["## " + inner.name, ...commandLines(inner, innerDescriptor, `roost ${inner.name}`, "###")]
      })
    ),
    "## What the doctor names",
    Object.entries(faults)
      .map(([name, meaning]) => item(`\`${name}\`: ${meaning}`))
      .join("\n")
  ].join("\n\n")}\n`
}

const commandLines = (
  command: Command.Command.Any,
  { arguments: args, flags, subcommands }: Completions.CommandDescriptor,
  path: string,
  heading: string
): ReadonlyArray<string> => {
  const inner = command.subcommands.flatMap(({ commands }) =>
    commands.flatMap((sub) => [
      `${heading} ${path.slice("roost ".length)} ${sub.name}`,
      ...commandLines(
        sub,
        subcommands.find(({ name }) => name === sub.name)!,
        `${path} ${sub.name}`,
        `${heading}#`
      )
    ])
  )
  if (inner.length > 0) return [wrapped(sentence(command.description ?? "")), ...inner]
  const usage = [path, ...args.map(({ name, required, variadic }) => shownArgument(name, required, variadic))].join(" ")
  const taken = [
    ...args.map(({ description = "", name }) => item(`\`${name}\`: ${description}`)),
    ...flags.map((flag) => item(`\`${shownFlag(flag)}\`: ${flag.description ?? ""}`))
  ]
  return [
    wrapped(sentence(command.description ?? "")),
    `\`${usage}${flags.length > 0 ? " [flags]" : ""}\``,
    ...(taken.length === 0 ? [] : [taken.join("\n")]),
    [
      '```sh not-run="examples of --help; their names are made up"',
      ...command.examples.map(
        ({ command: line, description }) => `${line}${description === undefined ? "" : ` # ${description}`}`
      ),
      "```"
    ].join("\n")
  ]
}

const shownArgument = (name: string, required: boolean, variadic: boolean): string =>
  `${required ? `<${name}>` : `[${name}]`}${variadic ? "…" : ""}`

const shownFlag = ({ aliases, name, type }: Completions.FlagDescriptor): string => {
  const names = [...aliases.map((alias) => `-${alias.replace(/^-+/, "")}`), `--${name}`].join(", ")
  return type._tag === "Boolean" ? names : `${names} ${shownType(type)}`
}

/** Choices that are many are in `--help`. */
const shownType = (type: Completions.FlagType): string => {
  if (type._tag === "Int") return "N"
  const choices = type._tag === "Choice" ? type.values.join("|") : ""
  return choices === "" || choices.length > lineLengthMax / 2 ? "TEXT" : choices
}

const sentence = (text: string): string => (text === "" || /[.?!]$/.test(text) ? text : `${text}.`)

const item = (text: string): string => `- ${wrapped(text, lineLengthMax - 2).replaceAll("\n", "\n  ")}`

/** At spaces, but for those within backticks. */
const wrapped = (text: string, width = lineLengthMax): string => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.match(/(?:`[^`]*`|\S)+/g) ?? []) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join("\n")
}
