import { NodeRuntime } from "@effect/platform-node"
import { Cause, type Config, ConfigProvider, Data, Effect, Exit, Layer, type Runtime } from "effect"
import { answerTo, type App, variablesOf } from "./Arguments.ts"
import { chosenText, configurationFaults, configurationTable, faultsOf } from "./Configuration.ts"
import { ConfigurationFile, type Configured, type Fault, readConfigured } from "./Configured.ts"
import { Health } from "./Health.ts"
import { layerHeapAfterStart } from "./HeapAfterStart.ts"
import { causeText, layerLogging, LogLevelConfig, sourceOf, writeLine } from "./Logging.ts"
import { layerProcessMetrics, version } from "./ProcessMetrics.ts"
import { layerReadinessLog } from "./ReadinessLog.ts"
import { layerMetricExport, MetricExportSeconds } from "./otlp/MetricExport.ts"
import { OtlpReceiver } from "./otlp/OtlpReceiver.ts"
import { layerTraceExport, TracingSettings } from "./otlp/TraceExport.ts"

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
  const common = [LogLevelConfig, TracingSettings, MetricExportSeconds, OtlpReceiver, ConfigurationFile]
  const app = { ...given, settings: [...given.settings, ...common] }
  const asked = answerTo(process.argv.slice(2), app)
  if ("exitCode" in asked) {
    process.exitCode = asked.exitCode
    return void (asked.exitCode === 0 ? process.stdout : process.stderr).write(`${asked.text}\n`)
  }
  const configured = readConfigured(asked.file)
  if (asked.what === "print") return void print(app, configured)
  keepLogWhole(app.name)
  const startedAt = performance.now()
  const main = layer.pipe(
    Layer.provideMerge(layerReadinessLog),
    Layer.provideMerge(layerHeapAfterStart),
    Layer.provideMerge(layerSignals),
    Layer.provide(Health.layer),
    // Built before the app and released after it: what it does while it drains is told too.
    Layer.provideMerge(Layer.merge(layerTraceExport(app.name), layerMetricExport(app.name))),
    Layer.provideMerge(layerProcessMetrics())
  )
  const run = Effect.andThen(checked(app, configured), Layer.launch(main))
  const check = Effect.andThen(checkedSettings(app, configured), Effect.logInfo("the configuration is right"))
  ;(asked.what === "check" ? check : run).pipe(
    Effect.onInterrupt(() =>
      Effect.logInfo(`ended after ${Math.round((performance.now() - startedAt) / 1_000)} s, ${drainedText()}`)
    ),
    Effect.tapCause((cause) => {
      if (Cause.hasInterruptsOnly(cause) || Cause.squash(cause) instanceof Misconfigured) return Effect.void
      const faults = faultsOf(cause, variablesOf(app.settings), configured)
      return faults.length > 0 ? tell(faults) : Effect.logFatal(`the app ended: ${causeText(cause)}`, cause)
    }),
    Effect.provide(layerLogging(app.name)),
    Effect.provideService(ConfigProvider.ConfigProvider, configured.provider),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown })
  )
}

/** It was told which variables are wrong. */
class Misconfigured extends Data.TaggedError("Misconfigured")<{}> {}

/** The configuration as text for a person; what is wrong with it goes to the standard error, and makes the exit code 1. */
const print = async (app: AppOptions, configured: Configured): Promise<void> => {
  process.stdout.write(`${configurationTable(app.settings, configured)}\n`)
  const faults = await Effect.runPromise(configurationFaults(app.settings, configured))
  for (const { text } of faults) process.stderr.write(`${text}\n`)
  if (configured.unread.length > 0) process.stderr.write(`nothing reads ${configured.unread.join(", ")}\n`)
  process.exitCode = faults.length > 0 ? 1 : 0
}

const checkedSettings = Effect.fnUntraced(function* (app: AppOptions, configured: Configured) {
  const faults = yield* configurationFaults(app.settings, configured)
  if (faults.length > 0) return yield* refuse(faults)
  if (configured.unread.length > 0)
    yield* Effect.logWarning(`configuration: nothing reads ${configured.unread.join(", ")}`)
})

const checked = Effect.fnUntraced(function* (app: AppOptions, configured: Configured) {
  yield* checkedSettings(app, configured)
  const found: Array<Fault> = []
  for (const check of app.checks ?? []) {
    const exit = yield* Effect.exit(check)
    if (Exit.isFailure(exit)) found.push(...faultsOf(exit.cause, variablesOf(app.settings), configured))
  }
  if (found.length > 0) return yield* refuse(found)
  const chosen = chosenText(app.settings, configured)
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
      else if (process.listenerCount("SIGHUP") > 1) log(Effect.logInfo(filesReadText))
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
const filesReadText =
  "SIGHUP: certificates are read again; other settings are read at the start, a restart takes them (SIGTERM drains)"
const hangUpText =
  "SIGHUP changes nothing: settings are read at the start. Change them where the app is started, and restart it (SIGTERM drains)"

/** Events that Node itself would write between the lines of the log, or fail at: crashes, warnings, a reader that left. */
const keepLogWhole = (app: string): void => {
  const line = (level: string, message: string, cause?: string) =>
    writeLine({
      timestamp: new Date().toISOString(),
      level,
      ...sourceOf(app),
      message,
      ...(cause === undefined ? {} : { cause })
    })
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
