import { seededRandom } from "@roost/random"
import { violationsOf } from "./Checkers.ts"
import { type FaultKind, faultKinds, injectFault } from "./Faults.ts"
import { epochMillis, type PlantedFaults } from "./Surroundings.ts"
import { World } from "../World.ts"

export interface SystemReport {
  readonly seed: number
  /** The violations; empty if all is well. */
  readonly violations: ReadonlyArray<string>
  /** Of everything that happened: two runs of a seed have the same one. */
  readonly traceHash: string
  /** For a reader; empty unless they were asked for. */
  readonly trace: ReadonlyArray<string>
  readonly faults: ReadonlyArray<string>
  readonly uplinks: number
  /** Of the device that posted least. */
  readonly postsMin: number
  readonly commands: number
  readonly handshakes: number
}

const deviceCount = 30
const sleepers = 4
const lifetimeSeconds = 60
const thinkMillis = 23_000
const commandsPerDevice = 2
/** The first fault comes when all devices are there, the last one early enough that all is well in the end. */
const faultsFromMillis = 20_000
const faultsMin = 3
const faultsMax = 7
const faultsUntilMillis = 480_000
const commandsUntilMillis = 400_000
export const scheduleMillis = 600_000

/**
 * Thirty devices, two edges, three nodes and two instances of downlink-queue for ten minutes, with three to seven faults. A node is not
 * started within a lease of a set-back: it can't know that others still hold what the bucket forgot.
 */
export const playSystem = (
  seed: number,
  options: {
    readonly planted?: PlantedFaults
    readonly keepsLines?: boolean
    readonly kinds?: ReadonlyArray<FaultKind>
  } = {}
): SystemReport => {
  const random = seededRandom(seed)
  const world = new World({
    random,
    nodes: 3,
    edges: 2,
    queues: 2,
    devices: Array.from({ length: deviceCount }, (_, i) => ({
      connectionId: i % 2 === 0,
      lifetimeSeconds,
      thinkMillis: i < sleepers ? thinkMillis / 4 : thinkMillis,
      sleepsAfter: i < sleepers ? 8 : 0
    })),
    planted: options.planted ?? {},
    keepsLines: options.keepsLines ?? false
  })
  for (const device of world.devices) {
    world.plan(3_000 + 10_000 * random(), () => device.connect())
    for (let i = 0; i < commandsPerDevice; i++) {
      world.plan(faultsFromMillis + (commandsUntilMillis - faultsFromMillis) * random(), () =>
        world.issue(device.options.deviceKey, i)
      )
    }
  }
  const kinds = options.kinds ?? faultKinds
  const faults = faultsMin + Math.floor(random() * (faultsMax + 1 - faultsMin))
  for (let i = 0; i < faults; i++) {
    const kind = kinds[Math.floor(random() * kinds.length)]!
    world.plan(faultsFromMillis + (faultsUntilMillis - faultsFromMillis) * random(), () => {
      if (world.nodes().length < 2 && kind.startsWith("node-")) return
      injectFault(world, kind)
      const { at, target } = world.conditions.faults.at(-1)!
      world.trace.note(at - epochMillis, "fault", () => `${kind} ${target}`)
    })
  }
  world.schedule.runUntil(scheduleMillis)
  const { checker, conditions, recording, store } = world
  return {
    seed,
    violations: [
      ...checker.violations,
      ...violationsOf({
        recording,
        conditions,
        store,
        lifetimeMillisOf: () => lifetimeSeconds * 1000,
        endedAt: world.now()
      })
    ],
    traceHash: world.trace.hash,
    trace: world.trace.lines,
    faults: conditions.faults.map(
      ({ at, endedAt, kind, target }) =>
        `${kind} ${target} ${((at - epochMillis) / 1000).toFixed(1)}–${((endedAt - epochMillis) / 1000).toFixed(1)} s`
    ),
    uplinks: store.uplinks.messages.length,
    postsMin: Math.min(...world.devices.map(({ posted }) => posted)),
    commands: recording.commands.length,
    handshakes: recording.attempts.length
  }
}
