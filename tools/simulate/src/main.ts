import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { version } from "@roost/observability"
import { type LeaseReport, playLeases, playSetBack, setBackKinds } from "@roost/simulation"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { system } from "./system.ts"

/** Failing seeds that are printed; the rest is only counted. */
const shownMax = 10
/** Schedules between two lines of progress. */
const progressEvery = 2_000

const leases = Command.make(
  "leases",
  {
    seeds: Flag.Int("seeds").pipe(Flag.withDescription("schedules to play"), Flag.withDefault(5_000)),
    from: Flag.Int("from").pipe(
      Flag.withDescription("first seed; one that failed is played again by it"),
      Flag.withDefault(1)
    )
  },
  Effect.fnUntraced(function* ({ from, seeds }) {
    const failed: Array<LeaseReport> = []
    let longest: LeaseReport | undefined
    let faults = 0
    for (let seed = from; seed < from + seeds; seed++) {
      const report = playLeases(seed)
      faults += report.faults
      if (longest === undefined || report.longestSilenceMillis > longest.longestSilenceMillis) longest = report
      if (report.violations.length > 0 && failed.push(report) <= shownMax) yield* show(report)
      const played = seed - from + 1
      if (played % progressEvery === 0 && played < seeds) yield* Console.log(`${played} of ${seeds} schedules`)
    }
    yield* Console.log(
      `${seeds} schedules, ${faults} faults: ${failed.length} violate what must hold; ` +
        `longest silence of a partition ${((longest?.longestSilenceMillis ?? 0) / 1000).toFixed(1)} s (seed ${longest?.seed ?? "–"})`
    )
    if (failed.length > 0) process.exitCode = 1
  })
).pipe(
  Command.withDescription(
    "Partition leases of two to five nodes with clocks that differ, over a bucket whose messages are late and lost, while nodes " +
      "start, drain, die and are paused"
  )
)

const setBacks = Command.make(
  "set-backs",
  { seeds: Flag.Int("seeds").pipe(Flag.withDescription("schedules to play of each kind"), Flag.withDefault(200)) },
  Effect.fnUntraced(function* ({ seeds }) {
    for (const kind of setBackKinds) {
      const reports = Array.from({ length: seeds }, (_, i) => playSetBack(i + 1, kind))
      const failed = reports.filter(({ violations }) => violations.length > 0)
      yield* Effect.forEach(failed.slice(0, shownMax), show)
      const longest = reports.reduce((a, b) => (b.silenceMillis > a.silenceMillis ? b : a))
      yield* Console.log(
        `${kind}: ${seeds} schedules, ${failed.length} violate what must hold; ` +
          `longest silence of a partition ${(longest.silenceMillis / 1000).toFixed(1)} s (seed ${longest.seed})`
      )
      if (failed.length > 0) process.exitCode = 1
    }
  })
).pipe(
  Command.withDescription(
    "What nodes do whose bucket goes back to an earlier state, is deleted, or is restored from a backup while all of them are stopped"
  )
)

const show = (report: Pick<LeaseReport, "seed" | "violations">) =>
  Console.error(`seed ${report.seed}:\n${report.violations.map((violation) => `  ${violation}`).join("\n")}`)

const simulate = Command.make("simulate").pipe(
  Command.withDescription(
    "Plays Roost, or the protocols between its processes, in simulated time. The same seed plays the same schedule."
  ),
  Command.withSubcommands([leases, setBacks, system])
)

Command.run(simulate, { version }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
