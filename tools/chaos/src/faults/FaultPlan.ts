import type { FaultKind, FaultType } from "./FaultType.ts"

/** A fault that is to come. Times in milliseconds from the beginning of the faults. */
export interface PlannedFault {
  readonly type: FaultType
  readonly atMillis: number
  /** From the cause to its end: the pause, the cut, the absence of a killed process. */
  readonly lastsMillis: number
  /** Chooses among the processes of the group: 0 inclusive to 1 exclusive. */
  readonly pick: number
}

/** With the default lease of 3.5 s and its margin, another node owns the partitions after 4 s. */
const longerThanLease = [6_000, 10_000] as const
const lasting: Readonly<Record<FaultKind, readonly [least: number, most: number]>> = {
  sigkill: [200, 3_000],
  pause: longerThanLease,
  drain: [0, 0],
  cut: longerThanLease,
  "nats-kill": [500, 4_000],
  "nats-pause": [2_000, 8_000],
  "nats-restart": [0, 1_000],
  "nats-gone": [30_000, 30_000],
  rolling: [0, 0],
  // How much is lost.
  "power-cut": [2_000, 6_000],
  restore: [0, 0],
  "nats-freeze": [8_000, 15_000],
  // Longer than `refusalMillisMax`, so that silence is told from 5.00.
  "disk-full": [25_000, 30_000],
  "full-restart": [25_000, 30_000],
  delete: [0, 0],
  "clock-ahead": [10_000, 15_000],
  "clock-behind": [10_000, 15_000],
  "postgres-stop": [5_000, 15_000],
  "postgres-freeze": [5_000, 15_000],
  "postgres-slow": [10_000, 15_000],
  "postgres-restart": [0, 0],
  "other-key": [10_000, 15_000],
  flood: [10_000, 15_000],
  // Some twenty restarts, each behind a drain; how long they take is not chosen.
  upgrade: [120_000, 120_000]
}
/** Rest between two faults: enough for a process that starts on a busy machine, too little for everything to settle. */
const restMillis = [3_000, 8_000] as const

/**
 * One fault after another until the time is over, all from one seed. Each type comes once before any comes twice, so that
 * short runs see as many as they can. The first always happens, a later one only if it can end in time.
 */
export const planFaults = (
  random: () => number,
  types: ReadonlyArray<FaultType>,
  forMillis: number
): ReadonlyArray<PlannedFault> => {
  const plan: Array<PlannedFault> = []
  let bag: Array<FaultType> = []
  for (let at = 0; types.length > 0;) {
    if (bag.length === 0) bag = [...types]
    const type = bag.splice(Math.floor(random() * bag.length), 1)[0]!
    const lastsMillis = Math.round(between(random, lasting[type.kind]))
    const pick = random()
    if (plan.length > 0 && at + lastsMillis > forMillis) break
    plan.push({ type, atMillis: Math.round(at), lastsMillis, pick })
    at += lastsMillis + between(random, restMillis)
  }
  return plan
}

const between = (random: () => number, [least, most]: readonly [number, number]): number =>
  least + (most - least) * random()
