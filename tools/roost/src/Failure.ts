import { Data, Effect, Runtime } from "effect"
import { exitCodes, type Outcome } from "./ExitCode.ts"

/** The end of a command, in the words that the person at the terminal reads. */
export interface Told {
  readonly outcome: Outcome
  /** The fault: the value that came, or what happened. */
  readonly what: string
  readonly expected?: string | undefined
  readonly cause?: string | undefined
  /** The step to take, or the words to type. */
  readonly cure?: string | undefined
  /** Where cause and cure stand at length. */
  readonly link?: string | undefined
  /** The problem document, where Roost answered one. */
  readonly problem?: unknown
}

export class Failure extends Data.TaggedError("Failure")<Told> {
  override readonly [Runtime.errorExitCode] = exitCodes[this.outcome].code

  override get message(): string {
    return linesOf(this).join("\n")
  }
}

/** The value of `work`, or the `Failure` that it throws. Whatever else it throws is our bug. */
export const attempt = <A>(work: () => A): Effect.Effect<A, Failure> =>
  Effect.try({
    try: work,
    catch: (error) => {
      if (error instanceof Failure) return error
      throw error
    }
  })

/** The outcome is bad, and everything about it is printed already. */
export class SaidNo extends Data.TaggedError("SaidNo")<{ readonly outcome: Outcome }> {
  override readonly [Runtime.errorExitCode] = exitCodes[this.outcome].code
}

/** The failure of a command, for programs: one document on standard error where `--output json` was asked for. */
export const errorDocument = ({ cause, cure, expected, link, outcome, problem, what }: Failure) => ({
  error: { outcome, exitCode: exitCodes[outcome].code, what, expected, cause, cure, link, problem }
})

/** Whether the words of a command ask for JSON, also where nothing else of them can be read. */
export const asksForJson = (args: ReadonlyArray<string>): boolean =>
  args.some(
    (arg, index) => /^(?:-o|--output)=json$/.test(arg) || (/^(?:-o|--output)$/.test(arg) && args[index + 1] === "json")
  )

/** `roost: …`, then a line each for what was expected, the cause, the cure and where more stands. */
export const linesOf = ({ cause, cure, expected, link, what }: Omit<Told, "outcome">): ReadonlyArray<string> => [
  `roost: ${what}`,
  ...(expected === undefined ? [] : [`  expected  ${expected}`]),
  ...(cause === undefined ? [] : [`  cause     ${cause}`]),
  ...(cure === undefined ? [] : [`  cure      ${cure}`]),
  ...(link === undefined ? [] : [`  more      ${link}`])
]
