import { Setting } from "@roost/contracts"
import { Cause, Config, Effect, Layer, Logger, References } from "effect"
import { identity } from "./Identity.ts"
import { LogThrottle } from "./LogThrottle.ts"
import { version } from "./ProcessMetrics.ts"
import { CurrentTrace } from "./tracing/Traced.ts"

/** Least severe level that is logged. */
export const LogLevelConfig = Setting.withDefault(
  "ROOST_LOG_LEVEL",
  "least severe level that is logged: Trace, Debug, Info, Warn, Error, Fatal, None",
  (name) => Config.Literals(["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"], name),
  "Info"
)

/**
 * The log of an app on its standard output: one JSON object per line, or coloured lines for a person at a terminal. Many lines of one
 * kind become one a minute (`LogThrottle`).
 */
export const layerLogging = (app: string): Layer.Layer<never> =>
  Layer.unwrap(
    // A level that can't be read is told among what is wrong, by this log.
    Effect.map(
      Effect.orElseSucceed(LogLevelConfig, () => "Info" as const),
      (level) =>
        Layer.merge(
          Logger.layer([throttled(app, process.stdout.isTTY ? Logger.consolePretty() : jsonLines(app))]),
          Layer.succeed(References.MinimumLogLevel, level)
        )
    )
  )

const jsonLines = (app: string): Logger.Logger<unknown, void> =>
  Logger.make((options) => {
    const { annotations, cause, level, message, timestamp } = Logger.formatStructured.log(options)
    const trace = options.fiber.getRef(CurrentTrace)
    writeLine({
      timestamp,
      level,
      ...sourceOf(app),
      message: textOf(message),
      ...(trace === undefined ? {} : { trace: trace.traceId, span: trace.spanId }),
      ...annotations,
      ...(cause === undefined ? {} : { cause })
    })
  })

/** The writer of a line, in each line: an app is a service of Roost, and its node one process of it. */
export const sourceOf = (app: string) => ({ service: app, app, node: identity.node, version })

/** One line on the standard output. */
export const writeLine = (fields: Readonly<Record<string, unknown>>): void =>
  void process.stdout.write(`${JSON.stringify(fields)}\n`)

/** The arguments of a log call, as one text: an error of it by its message. */
const textOf = (message: unknown): string =>
  Array.isArray(message) ? message.map(textOf).join(": ") : typeof message === "string" ? message : partOf(message)

const partOf = (part: unknown): string => {
  const { message } = (part ?? {}) as { readonly message?: unknown }
  return typeof message === "string" ? message : (JSON.stringify(part) ?? String(part))
}

const throttled = (app: string, to: Logger.Logger<unknown, void>): Logger.Logger<unknown, void> => {
  const throttle = new LogThrottle()
  let timer: NodeJS.Timeout | undefined
  const summarize = () => {
    timer = undefined
    const message = throttle.summary(performance.now())
    if (message !== undefined)
      writeLine({ timestamp: new Date().toISOString(), level: "WARN", ...sourceOf(app), message })
  }
  process.once("exit", summarize)
  return Logger.make((options) => {
    const now = performance.now()
    const { message } = options
    const text = textOf(Array.isArray(message) && message.length === 1 ? message[0] : message)
    if (throttle.take(now, options.logLevel.toUpperCase(), text)) to.log(options)
    else timer ??= setTimeout(summarize, throttle.dueIn(now)).unref()
  })
}

/** The first line of why something ended, and the whole of it for those who mend programs. */
export const causeText = (cause: Cause.Cause<unknown>): string => String(Cause.squash(cause)).split("\n", 1)[0]!
