import { Worker } from "node:worker_threads"
import { playSystem, type SystemReport } from "@roost/simulation"
import { Effect, type Scope } from "effect"

/** Plays the schedule of a seed. */
export type Player = (seed: number) => Effect.Effect<SystemReport>

/** Plays here, with everything that happens in its report. */
export const tracingPlayer: Player = (seed) => Effect.sync(() => playSystem(seed, { keepsLines: true }))

/** So many players, each in a thread of its own, for as long as the scope lives. A schedule needs nothing of another. */
export const threadPlayers = (count: number): Effect.Effect<ReadonlyArray<Player>, never, Scope.Scope> =>
  Effect.forEach(Array.from({ length: count }), () =>
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Worker(new URL("playingThread.ts", import.meta.url))),
        (worker) => Effect.promise(() => worker.terminate())
      ),
      playerOf
    )
  )

const playerOf =
  (worker: Worker): Player =>
  (seed) =>
    Effect.callback((resume) => {
      const failed = (error: unknown) => resume(Effect.die(error))
      worker.once("error", failed)
      worker.once("message", (report: SystemReport) => {
        worker.off("error", failed)
        resume(Effect.succeed(report))
      })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      worker.postMessage(seed)
    })
