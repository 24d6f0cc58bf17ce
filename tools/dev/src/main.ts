import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { DevConfig } from "./DevConfig.ts"
import { runLocalRoost, StartFailure } from "./LocalRoost.ts"

const start = Command.make(
  "roost",
  {
    noDemo: Flag.Boolean("no-demo").pipe(
      Flag.withDescription("start no demo device and create no demo product"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ noDemo }) {
    const config = yield* DevConfig
    yield* runLocalRoost(config, { demo: !noDemo })
  })
).pipe(
  Command.withDescription(
    "A whole Roost on this machine: nats-server, udp-edge, session-actors, registry, downlink-queue and a demo device. " +
      "Variables: NATS_URL (use that server), ROOST_NATS_PORT (4222), ROOST_DATA_DIR (.roost), ROOST_UDP_HOST, " +
      "ROOST_UDP_PORT (5684), ROOST_REGISTRY_PORT (8080), ROOST_DOWNLINK_PORT (8081), ROOST_EDGE_PORT (8082), " +
      "ROOST_ACTORS_PORT (8083), ROOST_API_TOKEN. Ctrl-C ends it, twice at once."
  ),
  Command.withExamples([{ command: "npm start -- --no-demo", description: "Without the demo device" }])
)

const program = Command.run(start, { version: "0.1.0" }).pipe(
  Effect.tapError((error) =>
    error instanceof StartFailure ? Effect.sync(() => process.stderr.write(`✗ ${error.message}\n`)) : Effect.void
  ),
  Effect.provide(NodeServices.layer)
)

// A reader that left (`npm start | head`, or Ctrl-C that ended `tee` first) ends no Roost: it drains unseen.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

NodeRuntime.runMain(program, { disableErrorReporting: true })
