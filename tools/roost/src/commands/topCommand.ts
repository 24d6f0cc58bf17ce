import type { Cluster, FleetSummary } from "@roost/contracts"
import { Deferred, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { Api } from "../api/Api.ts"
import { operations } from "../api/Operation.ts"
import { FoundContext } from "../context/FindContext.ts"
import { Printer } from "../output/Printer.ts"
import { topLines } from "./TopView.ts"

/** How often what is shown is read. */
const readMillis = 1_000

export const topCommand = Command.make(
  "top",
  { once: Flag.Boolean("once").pipe(Flag.withDescription("print it once, also into a pipe"), Flag.withDefault(false)) },
  Effect.fnUntraced(function* ({ once }) {
    const printer = yield* Printer
    if (once || printer.columns === undefined) {
      const lines = yield* readLines(Infinity)
      return yield* Effect.forEach(lines, printer.out, { discard: true })
    }
    // A failure of the first reading is told where it can be read: on the screen that stays.
    yield* readLines(Infinity)
    yield* Effect.scoped(Effect.andThen(otherScreen, Effect.raceFirst(show, quitKey)))
  })
).pipe(
  Command.withDescription(
    "Devices, traffic, commands, processes, refusals and streams, each second, until q or Ctrl-C. Into a pipe it prints once."
  ),
  Command.withShortDescription("The fleet and the processes of Roost, live"),
  Command.withExamples([
    { command: "roost top", description: "Live; q ends it" },
    { command: "roost top --once", description: "Now, as a text" }
  ])
)

const readLines = Effect.fnUntraced(function* (rows: number) {
  const { call } = yield* Api
  const { url } = yield* FoundContext
  const printer = yield* Printer
  const summary = (yield* call(operations.get("getSummary")!, {})) as FleetSummary
  const cluster = (yield* call(operations.get("getCluster")!, {})) as Cluster
  const columns = process.stdout.isTTY ? process.stdout.columns : printer.columns
  return topLines({ url, summary, cluster }, { ...printer, columns }, rows)
})

/** A registry that is away for a while is said in the last line; what was read before stays. */
const show = Effect.gen(function* () {
  let last: ReadonlyArray<string> = []
  for (;;) {
    const rows = process.stdout.rows
    const read = yield* Effect.result(readLines(rows - 1))
    if (read._tag === "Success") last = read.success
    const below = read._tag === "Success" ? "q ends it" : `roost: ${read.failure.what.slice(0, 200)}`
    draw([...last.slice(0, rows - 1), below])
    yield* Effect.sleep(readMillis)
  }
})

/** Each line over the one before, so that nothing flickers. */
const draw = (lines: ReadonlyArray<string>): void =>
  void process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J`)

/** The terminal's second screen without a cursor; what was there before is back afterwards. */
const otherScreen = Effect.acquireRelease(
  Effect.sync(() => void process.stdout.write("\u001b[?1049h\u001b[?25l\u001b[?7l")),
  () => Effect.sync(() => void process.stdout.write("\u001b[?7h\u001b[?25h\u001b[?1049l"))
)

/** q, Q, and Ctrl-C, which is a key where the terminal is raw. */
const quitBytes = [0x71, 0x51, 0x03]

const quitKey = Effect.gen(function* () {
  const quit = yield* Deferred.make<void>()
  const onData = (keys: Buffer) => {
    if (quitBytes.some((byte) => keys.includes(byte))) Deferred.doneUnsafe(quit, Effect.void)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      if (process.stdin.isTTY) process.stdin.setRawMode(true)
      process.stdin.on("data", onData).resume()
    }),
    () =>
      Effect.sync(() => {
        process.stdin.off("data", onData).pause()
        if (process.stdin.isTTY) process.stdin.setRawMode(false)
      })
  )
  yield* Deferred.await(quit)
})
