import { defaultLeaseTiming, type LeaseRecord, type LeaseTiming } from "@roost/cluster"
import { seededRandom } from "@roost/random"
import { Schedule } from "../Schedule.ts"
import { LeaseChecker } from "./LeaseChecker.ts"
import { SimulatedBucket } from "./SimulatedBucket.ts"
import { SimulatedNode, slowHost } from "./SimulatedNode.ts"

/** Faults that a run may plant to see that the checker catches them. */
export interface PlantedFault {
  /** Nodes serve on although their own clock says that the lease ran out. */
  readonly ignoresItsClock?: boolean
  readonly timing?: Partial<LeaseTiming>
  /** The bucket goes back by some writes now and then, as after a power cut of its server. */
  readonly setsBack?: boolean
}

export interface LeaseReport {
  readonly seed: number
  /** The violations; empty if all is well. */
  readonly violations: ReadonlyArray<string>
  /** Longest time in milliseconds in which nobody served a partition, once all had been served. */
  readonly longestSilenceMillis: number
  readonly faults: number
}

const partitions = 12
const nodesMax = 5
const faultsMillis = 60_000
/** After the last fault everything must be served again within this time: the longest pause, two leases, losses. */
const healMillis = 40_000
const pauseMillisMax = 15_000
const quietMillis = 6_000

/**
 * Watches break off and begin anew at replicas that are behind. Two to five nodes over a bucket whose requests and answers are
 * late and lost. Their clocks differ in offset and by up to 2 % in rate. They are started, drained, killed and paused at random
 * for a minute, while wall clocks are stepped, and then left in peace. After every event: at most one node serves a partition,
 * and the fencing tokens of a partition grow. In the end: every partition is served, by the node that it belongs to.
 */
export const playLeases = (seed: number, planted: PlantedFault = {}): LeaseReport => {
  const random = seededRandom(seed)
  const schedule = new Schedule()
  const lossShare = random() < 0.3 ? 0 : random() * 0.1
  const delayMillisMax = 1 + random() ** 3 * 400
  let peaceful = false
  // All nodes' wall clocks are stepped together, and far: tokens may not depend on them while the bucket stays.
  let wallStep = 0
  let quietUntil = 0
  const bucket = new SimulatedBucket<LeaseRecord>({
    delay: () => (!peaceful && random() < lossShare ? undefined : 0.1 + random() * (peaceful ? 2 : delayMillisMax)),
    plan: (delay, run) => schedule.plan(delay, run)
  })
  const nodes: Array<SimulatedNode> = []
  const timing = { ...defaultLeaseTiming, ...planted.timing }
  const start = () => {
    nodes.push(
      new SimulatedNode({
        name: `n${nodes.length}`,
        timing,
        partitions,
        clockRate: 0.98 + random() * 0.04,
        clockOffset: random() * 1e9,
        bucket,
        plan: (delay, run) => schedule.plan(delay, run),
        trueNow: () => schedule.now,
        wallNow: () => Math.floor(1.7e12 + schedule.now + wallStep),
        host: slowHost(random, (delay, run) => schedule.plan(delay, run)),
        ignoresItsClock: planted.ignoresItsClock ?? false
      })
    )
  }

  const setsBack = planted.setsBack ?? false
  const checker = new LeaseChecker(partitions)
  schedule.afterEach = () => checker.look(schedule.now, nodes)
  const nodeCount = 2 + Math.floor(random() * 3)
  for (let i = 0; i < nodeCount; i++) schedule.plan(random() * 500, start)

  let faults = 0
  const alive = () => nodes.filter((node) => !node.isOver && !node.isLeaving)
  const misfortune = () => {
    if (schedule.now > faultsMillis) return
    schedule.plan(500 + random() * 12_000, misfortune)
    const candidates = alive()
    const victim = candidates[Math.floor(random() * candidates.length)]
    const kind = random()
    faults++
    // A node that joins within a lease of it can't know that others still hold what the bucket forgot.
    if (schedule.now < quietUntil) return
    if (kind < 0.05 && setsBack) {
      quietUntil = schedule.now + quietMillis
      bucket.setBack(Math.floor(random() * 40))
      for (const node of nodes) node.interrupt()
      return
    }
    if (kind > 0.95) {
      // Back only where the bucket keeps the tokens.
      wallStep = setsBack ? wallStep + random() * 3_600_000 : (random() - 0.5) * 7_200_000
    }
    if (victim === undefined || (kind < 0.3 && candidates.length < nodesMax)) return start()
    if (kind < 0.55) {
      victim.pause()
      schedule.plan(random() * pauseMillisMax, () => victim.resume())
    } else if (candidates.length > 1) {
      if (kind < 0.75) victim.crash()
      else victim.drain()
    }
  }
  const interruption = () => {
    if (schedule.now > faultsMillis) return
    schedule.plan(random() * 8_000, interruption)
    const candidates = alive()
    candidates[Math.floor(random() * candidates.length)]?.interrupt(
      Math.floor(random() ** 2 * 60),
      () => random() < 0.5
    )
  }
  schedule.plan(5_000, misfortune)
  schedule.plan(3_000, interruption)
  schedule.runUntil(faultsMillis)
  peaceful = true
  schedule.runUntil(faultsMillis + healMillis)
  checker.expectAllServed(alive())
  return { seed, violations: checker.violations, longestSilenceMillis: checker.longestSilenceMillis, faults }
}
