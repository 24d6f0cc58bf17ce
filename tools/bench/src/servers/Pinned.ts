import { childProcess, type ChildProcess, type ChildProcessOptions, type ProcessFailed } from "@roost/testkit"
import { Effect, type Scope } from "effect"

/** A process on one core. `taskset` becomes the program, so the process id is the program's. */
export const pinned = (
  core: number | undefined,
  options: ChildProcessOptions
): Effect.Effect<ChildProcess, ProcessFailed, Scope.Scope> =>
  childProcess(
    core === undefined
      ? options
      : { ...options, command: "taskset", args: ["-c", `${core}`, options.command, ...(options.args ?? [])] }
  )

/** Asks a process for its `memory N` line by `ask`; undefined if none comes. */
export const memoryLine = (child: ChildProcess, ask: Effect.Effect<void>): Effect.Effect<number | undefined> =>
  Effect.gen(function* () {
    const lines = () => [...child.output().matchAll(/^memory (\d+)$/gm)]
    const before = lines().length
    yield* ask
    for (let waited = 0; waited < answerMillisMax; waited += pollMillis) {
      const now = lines()
      if (now.length > before) return Number(now.at(-1)![1])
      yield* Effect.sleep(pollMillis)
    }
    return undefined
  })

const pollMillis = 50
const answerMillisMax = 20_000
