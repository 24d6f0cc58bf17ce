import { NodeRuntime } from "@effect/platform-node"
import { Cause, Config, Effect, Exit, Layer, type Runtime, SchemaIssue } from "effect"
import { answerTo } from "./Arguments.ts"
import { Health } from "./Health.ts"
import { layerLogging } from "./Logging.ts"
import { layerProcessMetrics } from "./ProcessMetrics.ts"

/**
 * Runs an app until SIGTERM or SIGINT, then releases its layers and exits with 0. Configuration that is missing or
 * wrong is told in one line per variable, without the value, and exits with 1.
 */
export const runApp = <A, E>(app: Layer.Layer<A, E, Health>): void => {
  const asked = answerTo(process.argv.slice(2))
  if (asked !== undefined) {
    process.exitCode = asked.exitCode
    return void (asked.exitCode === 0 ? process.stdout : process.stderr).write(`${asked.text}\n`)
  }
  const main = app.pipe(Layer.provide(Health.layer), Layer.provideMerge(layerProcessMetrics()))
  Layer.launch(main).pipe(
    Effect.provide(layerLogging),
    Effect.tapCause((cause) => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.void
      const lines = configErrorLines(cause)
      return lines.length > 0
        ? Effect.sync(() => process.stderr.write(lines.map((line) => `configuration: ${line}\n`).join("")))
        : Effect.logFatal("the app ended", cause)
    }),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown })
  )
}

/** Which variables are wrong and what they should be; never what they are, since some are secrets. */
export const configErrorLines = (
  cause: Cause.Cause<unknown>,
  env: Readonly<Record<string, string | undefined>> = process.env
): ReadonlyArray<string> => {
  const lines = new Set<string>()
  for (const reason of cause.reasons) {
    const error = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
    if (!(error instanceof Config.ConfigError)) continue
    if (error.cause._tag !== "SchemaError") {
      lines.add(error.message)
      continue
    }
    for (const issue of formatIssue(error.cause.issue).issues) {
      const name = (issue.path ?? []).map(String).join("_")
      const unset = env[name] === undefined ? "; it is not set" : ""
      lines.add(`${name}: ${issue.message}${unset}`)
    }
  }
  return [...lines]
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** A signal is the ordinary way to end a service. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
