import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { isKnownVariable, Setting } from "@roost/contracts"
import { NatsConfig } from "@roost/nats"
import {
  ConfigurationFile,
  configurationFaults,
  configurationTable,
  type Configured,
  faultsOf,
  readConfigured,
  variablesOf,
  version
} from "@roost/observability"
import { Cause, Config, ConfigProvider, Data, Effect, Option, Redacted } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { writeSync } from "node:fs"
import { DevConfig } from "./DevConfig.ts"
import { planDescriptor, type StartPlan, type Viewer } from "./StartPlan.ts"

// The command line of `npm start`, for `start.ts`: it ends before anything starts, and takes the memory of Effect with it.

/** A fault that the person who starts it has to mend. */
class StartFailure extends Data.TaggedError("StartFailure")<{ readonly message: string }> {}

/** Reads all streams of a server that was given: as whom its variables name. */
const viewerOf = ({ password, servers, token, user }: NatsConfig): Viewer => ({
  servers: [...servers],
  user,
  pass: password && Redacted.value(password),
  token: token && Redacted.value(token)
})

/** All that it reads, and what the apps are handed of what was given. */
const settingsOf = ({ values }: Configured): ReadonlyArray<Setting<unknown>> => {
  const own = [NatsConfig, DevConfig, ConfigurationFile]
  const known = new Set(variablesOf(own).map(({ name }) => name))
  const handedOn = Object.keys(values).filter((name) => isKnownVariable(name) && !known.has(name))
  return [
    ...own,
    ...handedOn.toSorted().map((name) =>
      Setting.optional(name, "of the apps", Config.String, {
        secret: /KEY|TOKEN|PASSWORD|URL/.test(name),
        ...(name === "DATABASE_URL" ? { shown: Setting.withoutLogin } : {})
      })
    )
  ]
}

const print = (configured: Configured) =>
  Effect.sync(() => {
    const hint =
      "An app's own defaults: node apps/registry/src/main.ts --print-config. Keys that are not set are kept in ROOST_DATA_DIR."
    process.stdout.write(`${configurationTable(settingsOf(configured), configured)}\n\n${hint}\n`)
  })

const start = Command.make(
  "npm start",
  {
    noDemo: Flag.Boolean("no-demo").pipe(
      Flag.withDescription("start no demo device and create no demo product"),
      Flag.withDefault(false)
    ),
    sinks: Flag.Boolean("sinks").pipe(
      Flag.withDescription("start the app that writes sinks, too: uplinks to databases and brokers"),
      Flag.withDefault(false)
    ),
    device: Flag.String("device").pipe(
      Flag.withDescription(
        "show what these devices do only: a product key and what the device keys begin with, as demo/meter"
      ),
      Flag.optional
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withDescription("show nothing of devices"), Flag.withDefault(false)),
    config: Flag.String("config").pipe(
      Flag.withDescription("a file of variables that the environment does not have: lines of NAME=value"),
      Flag.optional
    ),
    printConfig: Flag.Boolean("print-config").pipe(
      Flag.withDescription("show each variable's value and where it is from, no secrets, and end"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ config: file, device, noDemo, printConfig, quiet, sinks }) {
    const configured = readConfigured(Option.getOrUndefined(file))
    if (printConfig) yield* print(configured)
    const faults = yield* configurationFaults([DevConfig, NatsConfig], configured)
    if (faults.length > 0) return yield* new StartFailure({ message: faults.map(({ text }) => text).join("\n✗ ") })
    for (const name of configured.unread) process.stderr.write(`nothing reads ${name}\n`)
    if (printConfig) return
    const [config, nats] = yield* Effect.provideService(
      Effect.all([DevConfig, NatsConfig]),
      ConfigProvider.ConfigProvider,
      configured.provider
    )
    const plan: StartPlan = {
      config,
      variables: Object.fromEntries(
        Object.entries(configured.values).filter(([name]) => process.env[name] === undefined)
      ),
      demo: !noDemo,
      sinks,
      only: quiet ? null : Option.getOrUndefined(device),
      viewer: config.natsUrl === undefined ? undefined : viewerOf(nats)
    }
    yield* Effect.sync(() => writeSync(planDescriptor, JSON.stringify(plan)))
  })
).pipe(
  Command.withDescription(
    "A whole Roost on this machine: nats-server, udp-edge, session-actors, registry, downlink-queue and a demo device. " +
      "Ctrl-C ends it, twice at once. Set by variables, and whatever the apps read (docs/variables.md):\n" +
      variablesOf([DevConfig])
        .map(({ meaning, name, otherwise }) => `  ${name.padEnd(20)} ${otherwise?.padEnd(15)} ${meaning}`)
        .join("\n")
  ),
  Command.withExamples([
    { command: "npm start -- --no-demo", description: "Without the demo device" },
    {
      command: "npm start -- --config my.conf --print-config",
      description: "Show what a file of variables makes of it"
    },
    { command: "npm start -- --device demo/", description: "Show the devices of the product demo only" }
  ])
)

const fail = (message: string) => Effect.sync(() => process.stderr.write(`✗ ${message}\n`))

const program = Command.run(start, { version }).pipe(
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Cause.squash(cause)
    const faults = faultsOf(cause, variablesOf([DevConfig]))
    if (faults.length > 0) return fail(faults.map(({ text }) => text).join("\n✗ "))
    if (error instanceof StartFailure) return fail(error.message)
    return CliError.isCliError(error)
      ? Effect.void
      : fail(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
