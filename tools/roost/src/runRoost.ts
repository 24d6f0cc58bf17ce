import { NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit, Runtime } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { exitCodes } from "./ExitCode.ts"
import { Printer } from "./output/Printer.ts"
import { roost } from "./RoostCommand.ts"

export interface RoostRun {
  readonly code: number | undefined
  readonly out: string
  readonly told: string
  /** Of what it failed with. */
  readonly text: string
}

/**
 * Runs `roost` in this process, with the words that the bin would have: its exit code, and what it wrote. Context and token come from the
 * environment, as they do there. `onTold` hears each line to standard error as it comes.
 */
export const runRoost = Effect.fnUntraced(function* (
  words: ReadonlyArray<string>,
  onTold: (line: string) => void = () => {}
): Effect.fn.Return<RoostRun> {
  const out: Array<string> = []
  const told: Array<string> = []
  const exit = yield* Command.runWith(roost, { version: "1" })([...words]).pipe(
    Effect.provideService(Printer, {
      out: (line) => Effect.sync(() => void out.push(line)),
      tell: (line) =>
        Effect.sync(() => {
          told.push(line)
          onTold(line)
        }),
      columns: undefined,
      colours: false
    }),
    Effect.provide([
      NodeServices.layer,
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
      CliOutput.layerPresenter({ present: () => Effect.void })
    ]),
    Effect.exit
  )
  const error = Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause)
  const code =
    error === undefined
      ? 0
      : CliError.isCliError(error)
        ? exitCodes.unusable.code
        : (error as { readonly [Runtime.errorExitCode]?: number })[Runtime.errorExitCode]
  const text = error instanceof Error ? error.message : ""
  return { code, out: out.join("\n"), told: told.join("\n"), text }
})
