import { Config, Effect, Layer, Logger, References } from "effect"

/** Least severe level that is logged. */
export const LogLevelConfig = Config.Literals(
  ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"],
  "ROOST_LOG_LEVEL"
).pipe(Config.withDefault("Info"))

/** One JSON object per line, or coloured lines for a person at a terminal. */
export const layerLogging: Layer.Layer<never, Config.ConfigError> = Layer.unwrap(
  Effect.map(LogLevelConfig, (level) =>
    Layer.merge(
      process.stdout.isTTY ? Logger.layer([Logger.consolePretty()]) : Logger.layer([Logger.consoleJson]),
      Layer.succeed(References.MinimumLogLevel, level)
    )
  )
)
