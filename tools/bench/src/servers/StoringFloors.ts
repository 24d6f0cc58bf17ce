import { binaries, freeUdpPort, natsServer, syncsByInterval } from "@roost/testkit"
import { Effect } from "effect"
import { join } from "node:path"
import type { Contestant, Place } from "./Contestant.ts"
import { pinned } from "./Pinned.ts"

/** The one that `npm start` takes, under the same configuration. */
const sameNatsServer = Effect.suspend(() => {
  const newest = binaries()[0]
  return natsServer({ binary: newest !== undefined && syncsByInterval(newest.version) ? "newest" : "path" })
})

const program = (core: Place["core"], file: string, args: ReadonlyArray<string>) =>
  pinned(core, {
    command: process.execPath,
    args: [join(import.meta.dirname, file), ...args],
    readyWhen: /^ready/m
  })

const floorOf = (
  what: Pick<Contestant, "key" | "name">,
  /** By name; the first has the socket. The others are ready before it starts. */
  programs: ReadonlyArray<readonly [name: string, file: string]>
): Contestant => ({
  ...what,
  suites: ["none"],
  prepare: () => undefined,
  start: Effect.fnUntraced(function* ({ core }) {
    const nats = yield* sameNatsServer
    const port = yield* freeUdpPort
    const processes: Array<readonly [string, number]> = [["nats-server", nats.pid()]]
    for (const [name, file] of programs.toReversed()) {
      const { pid } = yield* program(core, file, [nats.url, `${port}`])
      processes.unshift([name, pid])
    }
    return { port, processes, liveBytes: Effect.succeed(undefined) }
  }),
  warmUp: { handshakeRounds: 1, seconds: 4 },
  sessionsMax: 0
})

/** No server that stores before it answers is cheaper, if Node runs it. */
export const storingFloor = floorOf({ key: "floor-storing", name: "floor: stores, one process" }, [
  ["storing", "storingEcho.ts"]
])

/** … nor one whose sockets and whose decisions are in processes of their own. */
export const linkedFloor = floorOf({ key: "floor-linked", name: "floor: stores, two linked over NATS" }, [
  ["edge", "linkedEdge.ts"],
  ["store", "linkedStore.ts"]
])
