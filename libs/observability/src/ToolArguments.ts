import { version } from "./ProcessMetrics.ts"

/** A program for a terminal that reads its arguments by hand. */
export interface Tool {
  /** As it is called, such as `npm run interop`. */
  readonly name: string
  readonly usage: string
  /** The flags that it takes beside `--help` and `--version`; undefined: it judges them itself. */
  readonly flags?: ReadonlyArray<string>
}

/**
 * Answers `--help` and `--version`, and refuses a flag that the tool does not take, so that no mistyped one runs for minutes. Its exit
 * code then; undefined where the tool is to run.
 */
export const answerFirst = ({ flags, name, usage }: Tool, args = process.argv.slice(2)): 0 | 2 | undefined => {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${usage.trimEnd()}\n  --help    this\n  --version of Roost and of Node\n`)
    return 0
  }
  if (args.includes("--version")) {
    process.stdout.write(`${name} of roost ${version}, Node ${process.version}\n`)
    return 0
  }
  const unknown = args.find((arg) => flags !== undefined && arg.startsWith("-") && !flags.includes(arg.split("=")[0]!))
  if (unknown === undefined) return undefined
  process.stderr.write(`${name}: ${unknown} is unknown; --help has what it takes\n`)
  return 2
}
