import { availableParallelism } from "node:os"
import type { SystemReport } from "@roost/simulation"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { type Player, threadPlayers, tracingPlayer } from "./SystemPlayers.ts"

/** Failing seeds that are printed in full, and violations of each. */
const shownMax = 10
const violationsShownMax = 5
const seedsMax = 2 ** 31

export const system = Command.make(
  "system",
  {
    schedules: Flag.Int("schedules").pipe(
      Flag.withDescription("Schedules to play, of seeds that follow each other"),
      Flag.withDefault(100)
    ),
    seed: Flag.Int("seed").pipe(
      Flag.withDescription("First seed; one that failed is played again by it. Default: a new one, which is printed"),
      Flag.optional
    ),
    threads: Flag.Int("threads").pipe(
      Flag.withDescription("Threads that play, each a schedule at a time. Default: one for each core"),
      Flag.withDefault(availableParallelism())
    ),
    trace: Flag.Boolean("trace").pipe(
      Flag.withDescription("Print everything that happens, too"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ schedules, seed, threads, trace }) {
    const first = Option.getOrElse(seed, () => Math.floor(Math.random() * seedsMax))
    const players = trace ? [tracingPlayer] : yield* threadPlayers(Math.max(1, Math.min(threads, schedules)))
    const beganAt = performance.now()
    let next = first
    let failures = 0
    let uplinks = 0
    let faults = 0
    const tell = Effect.fnUntraced(function* (report: SystemReport) {
      uplinks += report.uplinks
      faults += report.faults.length
      if (trace) yield* Console.log(report.trace.join("\n"))
      if (report.violations.length > 0 && ++failures <= shownMax) yield* show(report)
      if (schedules === 1)
        yield* Console.log(`seed ${report.seed}: trace ${report.traceHash}, ${report.faults.join("; ")}`)
    })
    const playOn = (player: Player) =>
      Effect.whileLoop({
        while: () => next < first + schedules,
        body: () => Effect.flatMap(player(next++), tell),
        step: () => undefined
      })
    yield* Effect.forEach(players, playOn, { concurrency: "unbounded", discard: true })
    const perMinute = Math.round((60_000 * schedules) / (performance.now() - beganAt))
    yield* Console.log(
      `seeds ${first} to ${first + schedules - 1}: ${schedules} schedules with ${faults} faults and ${uplinks} uplinks, ` +
        `${perMinute} a minute: ${failures} violate what must hold`
    )
    if (failures > 0) process.exitCode = 1
  }, Effect.scoped)
).pipe(
  Command.withDescription(
    "All of Roost in simulated time: thirty devices, two edges, three session-actors and two downlink-queues for ten minutes, while datagrams and frames " +
      "are lost, doubled and late, processes die, are paused and cut off, and the store is away or goes back"
  )
)

const show = ({ faults, seed, traceHash, violations }: SystemReport) =>
  Console.error(
    [
      `seed ${seed}, trace ${traceHash}: ${faults.join("; ")}`,
      ...violations.slice(0, violationsShownMax).map((violation) => `  ${violation}`),
      ...(violations.length > violationsShownMax ? [`  and ${violations.length - violationsShownMax} more`] : []),
      `  play it again: npm run simulate -- system --schedules 1 --seed ${seed} --trace`
    ].join("\n")
  )
