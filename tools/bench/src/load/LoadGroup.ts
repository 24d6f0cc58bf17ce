import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { handshakesUnderWayMax } from "./LoadDevices.ts"
import { type LoadFailed, loadProcess } from "./LoadProcess.ts"

/** Several load processes on one core: a device has a socket of its own, and no process may have 100 000 open. */
export interface LoadGroup {
  /** The fleet grows from `from` devices to `to`. */
  readonly connect: (from: number, to: number) => Effect.Effect<void, LoadFailed>
  /** Closed loop; how many were answered. */
  readonly load: (seconds: number) => Effect.Effect<number, LoadFailed>
}

/** For up to `devices` devices, with `underWay` requests under way over all of them. */
export const loadGroup = Effect.fnUntraced(function* ({
  devices,
  underWay,
  ...options
}: Omit<Parameters<typeof loadProcess>[0], "first" | "spins"> & { readonly devices: number }) {
  const count = Math.min(underWay, Math.ceil(devices / socketsPerProcessMax()))
  let first = 0
  const places = Array.from({ length: count }, (_, i) => {
    const place = { first, underWay: partOf(underWay, i, count) }
    first += partOf(devices, i, count)
    return place
  })
  const processes = yield* Effect.forEach(places, (place) => loadProcess({ ...options, ...place }))
  const group: LoadGroup = {
    connect: (from, to) =>
      Effect.forEach(
        processes,
        (load, i) => {
          const first = partOf(from, i, count)
          const more = partOf(to, i, count) - first
          const underWayMax = Math.ceil(handshakesUnderWayMax / count)
          return more > 0 ? load.connect({ first, count: more, underWayMax }) : Effect.void
        },
        { concurrency: "unbounded", discard: true }
      ),
    load: (seconds) =>
      Effect.map(
        Effect.forEach(processes, (load) => load.load(seconds), { concurrency: "unbounded" }),
        (results) => results.reduce((sum, { answered }) => sum + answered, 0)
      )
  }
  return group
})

/** Node raises the soft limit to the hard one when it starts. */
export const socketsPerProcessMax = (): number => Math.min(socketsMax, openFilesMax() - openFilesOfProcess)

const openFilesMax = (): number => {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? openFilesAssumed)
  } catch {
    return openFilesAssumed
  }
}

/** As if dealt one by one: nobody's part gets smaller when the total grows. */
export const partOf = (total: number, index: number, parts: number): number =>
  Math.max(0, Math.ceil((total - index) / parts))

/** More than this and the collector's pauses show. */
const socketsMax = 20_000
const openFilesOfProcess = 64
const openFilesAssumed = 1024
