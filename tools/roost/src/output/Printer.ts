import { Context } from "effect"
import * as Effect from "effect/Effect"
import { GlobalFlag } from "effect/cli"
import * as Flag from "effect/cli/Flag"

export const formats = ["table", "json", "yaml", "csv"] as const
export type Format = (typeof formats)[number]

/** `--output`: a table for people; JSON, YAML and CSV have all fields, numbers as they were written. */
export const Output = GlobalFlag.Setting("output")({
  flag: Flag.Literals("output", formats).pipe(
    Flag.withAlias("o"),
    Flag.withDescription(
      "table for people (default); json and yaml have all fields, by the schema that roost schema prints; csv for spreadsheets"
    ),
    Flag.withDefault("table" as const)
  )
})

/** Where a command writes: answers to `out`, what it tells about its work to `tell`. */
export interface Printer {
  readonly out: (line: string) => Effect.Effect<void>
  readonly tell: (line: string) => Effect.Effect<void>
  /** Columns of the terminal; undefined where standard output is none. */
  readonly columns: number | undefined
  /** Whether standard output takes colours. */
  readonly colours: boolean
}

export const Printer = Context.Reference<Printer>("@roost/tool-roost/Printer", {
  defaultValue: (): Printer => ({
    out: (line) => write(process.stdout, line),
    tell: (line) => write(process.stderr, line),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    colours: takesColours(process.stdout.isTTY === true, process.env)
  })
})

/** Waits where the reader is slower, so that a list of a million lines is never in memory as a whole. */
const write = (stream: NodeJS.WriteStream, line: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (stream.write(`${line}\n`)) resume(Effect.void)
    else stream.once("drain", () => resume(Effect.void))
  })

/** No colour where the output is piped or `NO_COLOR` is set (no-color.org); `FORCE_COLOR` asks for it all the same. */
export const takesColours = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean => {
  if (env["NO_COLOR"]) return false
  const forced = env["FORCE_COLOR"]
  if (forced !== undefined) return forced !== "0" && forced !== "false"
  return isTerminal && env["TERM"] !== "dumb"
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Colour = keyof typeof codes

export const paint = ({ colours }: Pick<Printer, "colours">, colour: Colour, text: string): string =>
  colours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text
