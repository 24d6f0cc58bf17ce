import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { version } from "@roost/observability"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { chaos } from "./cli.ts"

const int = (name: string, description: string, fallback: number) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.withDefault(fallback))
const number = (name: string, description: string, fallback: number) =>
  Flag.Finite(name).pipe(Flag.withDescription(description), Flag.withDefault(fallback))
const optionalText = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const flags = {
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("of the faults and the devices; random unless given"),
    Flag.optional
  ),
  seconds: number("seconds", "how long faults come [60]", 60),
  minutes: Flag.Finite("minutes").pipe(Flag.withDescription("the same in minutes"), Flag.optional),
  devices: int("devices", "devices in software [200]", 200),
  only: Flag.String("only").pipe(
    Flag.withDescription(
      "faults, separated by commas: kinds, apps, or both as sigkill:udp-edge; none for no faults [all]"
    ),
    Flag.withDefault("")
  ),
  think: number("think", "seconds between a response and the next request, ± half [1]", 1),
  commands: number("commands", "commands issued per second [5]", 5),
  actors: int("actors", "session-actors processes [3]", 3),
  edges: int("edges", "udp-edge processes on one port [2]", 2),
  downlinks: int("downlinks", "downlink-queue processes [2]", 2),
  registries: int("registries", "registry processes; several share a PostgreSQL of the tool's own [1]", 1),
  nats: int("nats", "nats-server processes [3]", 3),
  list: Flag.Boolean("list").pipe(Flag.withDescription("list the faults and end"), Flag.withDefault(false)),
  json: optionalText("json", "file for the report as JSON"),
  recording: optionalText("recording", "file for everything that was recorded, as JSON, one device's story with jq"),
  html: optionalText("html", "file for the timeline as one HTML page"),
  quiet: Flag.Boolean("quiet").pipe(Flag.withDescription("no progress"), Flag.withDefault(false))
}

/** A run that is interrupted ends the processes that it started before the tool does. */
const untilClosed = <A>(start: (signal: AbortSignal) => Promise<A>): Effect.Effect<A> =>
  Effect.callback((resume) => {
    const controller = new AbortController()
    const running = start(controller.signal)
    running.then(
      (value) => resume(Effect.succeed(value)),
      (error) => resume(Effect.die(error))
    )
    return Effect.sync(() => controller.abort()).pipe(Effect.andThen(Effect.promise(() => running)))
  })

const command = Command.make("chaos", flags, (given) =>
  untilClosed((signal) =>
    chaos(
      {
        ...given,
        seed: Option.getOrElse(given.seed, () => Math.floor(Math.random() * 1_000_000)),
        seconds: Option.match(given.minutes, { onNone: () => given.seconds, onSome: (minutes) => minutes * 60 }),
        json: Option.getOrUndefined(given.json),
        recording: Option.getOrUndefined(given.recording),
        html: Option.getOrUndefined(given.html)
      },
      signal
    )
  ).pipe(
    Effect.tap(({ complaint }) => (complaint === undefined ? Effect.void : Console.error(`chaos: ${complaint}`))),
    Effect.tap(({ exitCode }) => Effect.sync(() => void (process.exitCode = exitCode)))
  )
).pipe(
  Command.withDescription(
    "Kills, pauses, cuts off and restarts a whole Roost of its own under devices that keep a record of everything, and judges the record. " +
      "Exit code: 0 nothing was violated, 1 something was, 2 the run could not be made."
  ),
  Command.withExamples([
    {
      command: "npm run chaos -- --minutes 10 --devices 300 --html chaos.html",
      description: "Ten minutes of everything, and a page about it"
    },
    {
      command: "npm run chaos -- --seed 7 --only sigkill:session-actors,drain --seconds 30",
      description: "Two kinds of faults, the same again with the same seed"
    }
  ])
)

NodeRuntime.runMain(Command.run(command, { version }).pipe(Effect.provide(NodeServices.layer)), {
  disableErrorReporting: false
})
