import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { unknownVariables } from "@roost/contracts"
import { NatsConfig } from "@roost/nats"
import { configurationFaults, faultsOf, variablesOf, version } from "@roost/observability"
import { Cause, Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { DevConfig } from "./DevConfig.ts"
import { runLocalRoost, StartFailure } from "./LocalRoost.ts"
import type { Programs } from "./Programs.ts"

/** The command line of `npm start`. `root`: the checkout; `find`: its programs as they are when it is called. */
export const runStart = (root: string, programs: Programs, find: () => Programs): void => {
  const start = Command.make(
    "npm start",
    {
      noDemo: Flag.Boolean("no-demo").pipe(
        Flag.withDescription("start no demo device and create no demo product"),
        Flag.withDefault(false)
      ),
      device: Flag.String("device").pipe(
        Flag.withDescription(
          "show what these devices do only: a product key and what the device keys begin with, as demo/meter"
        ),
        Flag.optional
      ),
      quiet: Flag.Boolean("quiet").pipe(Flag.withDescription("show nothing of devices"), Flag.withDefault(false))
    },
    Effect.fnUntraced(function* ({ device, noDemo, quiet }) {
      const faults = yield* configurationFaults([DevConfig, NatsConfig])
      if (faults.length > 0) return yield* new StartFailure({ message: faults.map(({ text }) => text).join("\n✗ ") })
      for (const { name, nearest } of unknownVariables(Object.keys(process.env))) {
        process.stderr.write(`nothing reads ${name}${nearest === undefined ? "" : `; ${nearest} is meant?`}\n`)
      }
      const only = quiet ? null : Option.getOrUndefined(device)
      yield* runLocalRoost(yield* DevConfig, { demo: !noDemo, only, root, programs, find })
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
      { command: "npm start -- --device demo/", description: "Show the devices of the product demo only" }
    ])
  )

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

  // A reader that left (`npm start | head`, or Ctrl-C that ended `tee` first) ends no Roost: it drains unseen.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

  NodeRuntime.runMain(program, { disableErrorReporting: true })
}

const fail = (message: string) => Effect.sync(() => process.stderr.write(`✗ ${message}\n`))
