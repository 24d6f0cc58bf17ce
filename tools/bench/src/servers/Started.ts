import { childProcess, freeTcpPort, freeUdpPort, temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { descendantsOf } from "../ProcessUse.ts"
import type { Contestant, Place } from "./Contestant.ts"
import { provision, root } from "./Roost.ts"

const startStarted = Effect.fnUntraced(function* (place: Place) {
  const directory = yield* temporaryDirectory
  const udpPort = yield* freeUdpPort
  const registryPort = yield* freeTcpPort
  const token = randomBytes(16).toString("hex")
  // Without npm, which signals and not its children would reach.
  const supervisor = yield* childProcess({
    command: process.execPath,
    args: ["tools/dev/src/main.ts", "--no-demo"],
    cwd: root,
    env: {
      ROOST_DATA_DIR: join(directory, "data"),
      ROOST_API_TOKEN: token,
      ROOST_UDP_HOST: "127.0.0.1",
      ROOST_UDP_PORT: `${udpPort}`,
      ROOST_REGISTRY_PORT: `${registryPort}`,
      ROOST_NATS_PORT: `${yield* freeTcpPort}`,
      ROOST_DOWNLINK_PORT: `${yield* freeTcpPort}`,
      ROOST_EDGE_PORT: `${yield* freeTcpPort}`,
      ROOST_ACTORS_PORT: `${yield* freeTcpPort}`
    },
    readyWhen: /^ready /m,
    readyWithinMillis: readyMillisMax
  })
  yield* provision(registryPort, token, place)
  const children = descendantsOf(supervisor.pid).flatMap(({ command, pid }) => {
    const name = parts.find((part) => command.includes(part))
    return name === undefined ? [] : [[name, pid] as const]
  })
  return {
    port: udpPort,
    processes: [["supervisor", supervisor.pid] as const, ...children],
    liveBytes: Effect.succeed(undefined)
  }
})

const parts = ["nats-server", "udp-edge", "session-actors", "downlink-queue", "registry"]

/** The Roost of a person who types `npm start`: bundles, latest values and events, supervisor and terminal. */
export const started: Contestant = {
  key: "started",
  name: "Roost by npm start",
  suites: ["CCM_8"],
  prepare: () => undefined,
  start: startStarted,
  warmUp: { handshakeRounds: 1, seconds: 8 },
  sessionsMax: 0
}

/** Bundles and the console are made first where a checkout has none. */
const readyMillisMax = 300_000
