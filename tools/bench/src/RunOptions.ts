import { Effect, type Scope } from "effect"
import type { ProcessFailed } from "@roost/testkit"
import type { Sample } from "./Figures.ts"
import type { LoadSuite } from "./load/LoadDevices.ts"
import { type LoadFailed, type LoadProcess, loadProcess } from "./load/LoadProcess.ts"
import type { Contestant, Place, RunningServer } from "./servers/Contestant.ts"
import { floor } from "./servers/Floor.ts"

export interface RunOptions {
  readonly place: Omit<Place, "devices">
  readonly loadCore: number | undefined
  readonly devices: number
  readonly underWay: number
  readonly seconds: number
  /** Of everything in traffic; stretches per size of fleet. */
  readonly rounds: number
  readonly quick: boolean
  /** Tells the person who waits about the present step. */
  readonly step: (text: string) => void
}

export type Measured = Effect.Effect<ReadonlyArray<Sample>, LoadFailed | ProcessFailed, Scope.Scope>

/** A server and its load, each on its core; both end with the scope. */
export const startBoth = (
  contestant: Contestant,
  suite: LoadSuite,
  options: RunOptions,
  devices: number
): Effect.Effect<{ server: RunningServer; load: LoadProcess }, ProcessFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { loadCore, place, underWay } = options
    if (contestant !== floor) options.step("start")
    const server = yield* contestant.start({ ...place, devices })
    const { productKey, psk } = place
    const spins = loadCore !== undefined
    const load = yield* loadProcess({ core: loadCore, port: server.port, suite, psk, productKey, underWay, spins })
    return { server, load }
  })
