import { freeUdpPort } from "@roost/testkit"
import { Effect } from "effect"
import { join } from "node:path"
import type { Contestant } from "./Contestant.ts"
import { pinned } from "./Pinned.ts"

/** The cost of a datagram in and a datagram out in Node and the kernel, nothing else done: no server can be cheaper. */
export const floor: Contestant = {
  key: "floor",
  name: "floor: dgram echo, no DTLS",
  suites: ["none"],
  prepare: () => undefined,
  start: Effect.fnUntraced(function* ({ core }) {
    const port = yield* freeUdpPort
    const child = yield* pinned(core, {
      command: process.execPath,
      args: [join(import.meta.dirname, "echo.ts"), `${port}`],
      readyWhen: /^ready/m
    })
    return { port, processes: [["echo", child.pid]] as const, liveBytes: Effect.succeed(undefined) }
  }),
  warmUp: { handshakeRounds: 1, seconds: 2 },
  sessionsMax: 0
}
