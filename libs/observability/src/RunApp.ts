import { NodeRuntime } from "@effect/platform-node"
import { unknownVariables } from "@roost/contracts"
import { Cause, type Config, Data, Effect, Exit, Layer, type Runtime } from "effect"
import { answerTo, type App, variablesOf } from "./Arguments.ts"
import { chosenText, configurationFaults, type Fault, faultsOf } from "./Configuration.ts"
import { Health } from "./Health.ts"
import { layerHeapAfterStart } from "./HeapAfterStart.ts"
import { causeText, layerLogging, LogLevelConfig, writeLine } from "./Logging.ts"
import { layerProcessMetrics, version } from "./ProcessMetrics.ts"
import { layerReadinessLog } from "./ReadinessLog.ts"

export interface AppOptions extends App {
  /** Faults that can be found before anything is connected, where the settings by themselves are right. */
  readonly checks?: ReadonlyArray<Effect.Effect<void, Config.ConfigError>>
}

/**
 * Runs an app until SIGTERM or SIGINT, then releases its layers and exits with 0; SIGHUP ends it only where its terminal was closed.
 * Configuration that is missing or wrong is told at once, in one line per variable and without secrets, and exits with 1. Each event is a
 * line of the log.
 */
export const runApp = <A, E>(given: AppOptions, layer: Layer.Layer<A, E, Health>): void => {
  const app = { ...given, settings: [...given.settings, LogLevelConfig] }
  const asked = answerTo(process.argv.slice(2), app)
  if (typeof asked === "object") {
    process.exitCode = asked.exitCode
    return void (asked.exitCode === 0 ? process.stdout : process.stderr).write(`${asked.text}\n`)
  }
  keepLogWhole(app.name)
  const startedAt = performance.now()
  const main = layer.pipe(
    Layer.provideMerge(layerReadinessLog),
    Layer.provideMerge(layerHeapAfterStart),
    Layer.provideMerge(layerSignals),
    Layer.provide(Health.layer),
    Layer.provideMerge(layerProcessMetrics())
  )
  const run = Effect.andThen(checked(app), Layer.launch(main))
  ;(asked === "check" ? Effect.andThen(checkedSettings(app), Effect.logInfo("the configuration is right")) : run).pipe(
    Effect.onInterrupt(() =>
      Effect.logInfo(`ended after ${Math.round((performance.now() - startedAt) / 1_000)} s, ${drainedText()}`)
    ),
    Effect.tapCause((cause) => {
      if (Cause.hasInterruptsOnly(cause) || Cause.squash(cause) instanceof Misconfigured) return Effect.void
      const faults = faultsOf(cause, variablesOf(app.settings))
      return faults.length > 0 ? tell(faults) : Effect.logFatal(`the app ended: ${causeText(cause)}`, cause)
    }),
    Effect.provide(layerLogging(app.name)),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown })
  )
}

/** It was told which variables are wrong. */
class Misconfigured extends Data.TaggedError("Misconfigured")<{}> {}

const checkedSettings = Effect.fnUntraced(function* (app: AppOptions) {
  const faults = yield* configurationFaults(app.settings)
  if (faults.length > 0) return yield* refuse(faults)
  const unknown = unknownVariables(Object.keys(process.env))
  if (unknown.length === 0) return
  const names = unknown.map(({ name, nearest }) => (nearest === undefined ? name : `${name} (meant: ${nearest}?)`))
  yield* Effect.logWarning(`configuration: nothing reads ${names.join(", ")}`)
})

const checked = Effect.fnUntraced(function* (app: AppOptions) {
  yield* checkedSettings(app)
  const found: Array<Fault> = []
  for (const check of app.checks ?? []) {
    const exit = yield* Effect.exit(check)
    if (Exit.isFailure(exit)) found.push(...faultsOf(exit.cause, variablesOf(app.settings)))
  }
  if (found.length > 0) return yield* refuse(found)
  const chosen = chosenText(app.settings)
  yield* Effect.logInfo(
    `${app.name} ${version} starts, Node ${process.version}, process ${process.pid}; ` +
      (chosen === "" ? "nothing is configured but defaults" : `configured: ${chosen}`)
  )
})

const refuse = (faults: ReadonlyArray<Fault>) => Effect.andThen(tell(faults), Effect.fail(new Misconfigured()))

const tell = (faults: ReadonlyArray<Fault>) =>
  Effect.forEach(faults, ({ text, variable }) =>
    Effect.annotateLogs(Effect.logFatal(`configuration: ${text}`), variable === undefined ? {} : { variable })
  )

let drainingSince: number | undefined

const drainedText = (): string =>
  drainingSince === undefined
    ? "without a drain"
    : `drained in ${((performance.now() - drainingSince) / 1_000).toFixed(1)} s`

/** Says that a drain begins, and has `/readyz` say it. NodeRuntime ends the app by the same signals. */
const layerSignals = Layer.effectDiscard(
  Effect.gen(function* () {
    const health = yield* Health
    const log = Effect.runForkWith(yield* Effect.context<never>())
    const onSignal = (signal: NodeJS.Signals) => {
      if (drainingSince !== undefined) return
      drainingSince = performance.now()
      health.drain(`draining since ${signal}`)
      log(Effect.logInfo(`draining, asked by ${signal}`))
    }
    // By default it ends a process at once. An operator who sends it wants changed settings to be read; who closes the terminal of an
    // app wants it to end.
    const onHangUp = () => {
      if (process.stdout.isTTY) process.kill(process.pid, "SIGTERM")
      else log(Effect.logWarning(hangUpText))
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (const signal of signals) process.prependListener(signal, onSignal)
        process.on("SIGHUP", onHangUp)
      }),
      () =>
        Effect.sync(() => {
          for (const signal of signals) process.off(signal, onSignal)
          process.off("SIGHUP", onHangUp)
        })
    )
  })
)

const signals = ["SIGTERM", "SIGINT"] as const
const hangUpText =
  "SIGHUP changes nothing: settings come from the environment, which is read at the start. Change them where the app is started, and restart it (SIGTERM drains)"

/** Events that Node itself would write between the lines of the log, or fail at: crashes, warnings, a reader that left. */
const keepLogWhole = (app: string): void => {
  const line = (level: string, message: string, cause?: string) =>
    writeLine({ timestamp: new Date().toISOString(), level, app, message, ...(cause === undefined ? {} : { cause }) })
  process.on("uncaughtException", (error, origin) => {
    line("FATAL", `the app crashed (${origin}): ${String(error)}`, error instanceof Error ? error.stack : undefined)
    process.exit(1)
  })
  process.removeAllListeners("warning")
  process.on("warning", ({ message, name, stack }) => line("WARN", `Node: ${name}: ${message}`, stack))
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
}

/** A signal is the ordinary way to end a service. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
