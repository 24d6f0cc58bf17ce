import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { endWithReader, version } from "@roost/observability"
import { Cause, Effect, Layer } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { runTool } from "./commands/toolCommands.ts"
import { exitCodes } from "./ExitCode.ts"
import { asksForJson, errorDocument, Failure, SaidNo } from "./Failure.ts"
import { jsonOf } from "./output/Documents.ts"
import { presenter } from "./Presenter.ts"
import { roost } from "./RoostCommand.ts"

endWithReader()

const inJson = asksForJson(process.argv.slice(2))

const tell = (text: string) => Effect.sync(() => void process.stderr.write(`${text}\n`))

const program = Command.run(roost, { version }).pipe(
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Cause.squash(cause)
    if (error instanceof SaidNo || CliError.isCliError(error)) return Effect.void
    if (error instanceof Failure) return tell(inJson ? jsonOf(errorDocument(error)) : error.message)
    return tell(`roost: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }),
  // The presenter told what is wrong with the words; Effect's own code for it would mean a bad outcome.
  Effect.catchTag("ShowHelp", ({ errors }) =>
    Effect.sync(() => void (process.exitCode = errors.length > 0 ? exitCodes.unusable.code : 0))
  ),
  Effect.provide(
    Layer.mergeAll(
      NodeServices.layer,
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
      CliOutput.layerPresenter(presenter)
    )
  )
)

const tool = runTool(process.argv.slice(2))
if (tool === undefined) NodeRuntime.runMain(program, { disableErrorReporting: true })
else process.exitCode = await tool
