import { defaultLeaseTiming, type LeaseRecord } from "@roost/cluster"
import { seededRandom } from "@roost/random"
import { Schedule } from "../Schedule.ts"
import { LeaseChecker } from "./LeaseChecker.ts"
import { SimulatedBucket } from "./SimulatedBucket.ts"
import { SimulatedNode, slowHost } from "./SimulatedNode.ts"

/**
 * How the bucket LEASES comes to be another than the nodes knew.
 *
 * - `went back`: nats-server has an earlier state under running nodes, from some writes ago to all of them.
 * - `made anew`: it was deleted under running nodes, and the registry made it again.
 * - `was restored`: every node ended, drained or not, the earlier state was put in its place, and other nodes started.
 */
export const setBackKinds = ["went back", "made anew", "was restored"] as const
export type SetBackKind = (typeof setBackKinds)[number]

export interface SetBackReport {
  readonly seed: number
  readonly violations: ReadonlyArray<string>
  /** Longest time in which nobody served a partition, from the moment when the bucket went back. */
  readonly silenceMillis: number
}

const partitions = 12
const calmMillis = 10_000
const healMillis = 20_000
/** How long the store is away before it is there as it was. */
const outageMillisMax = 15_000
/** Until a client has found it again, of those that have a try twice a second. */
const reconnectMillisMax = 1_000

/**
 * Two to four nodes on a network that is late and loses nothing. They live, join and leave for a while. Then the bucket goes back,
 * twice to the same state, as a backup does that is restored twice. After every event: at most one node serves a partition, and
 * fencing tokens grow.
 */
export const playSetBack = (seed: number, kind: SetBackKind): SetBackReport => {
  const random = seededRandom(seed)
  const schedule = new Schedule()
  const delayMillisMax = 1 + random() * 50
  const plan = (delay: number, run: () => void) => schedule.plan(delay, run)
  let isAway = false
  const delay = () => (isAway ? undefined : 0.1 + random() * delayMillisMax)
  const bucket = new SimulatedBucket<LeaseRecord>({ delay, plan })
  let nodes: Array<SimulatedNode> = []
  let started = 0
  const start = () => {
    const node = new SimulatedNode({
      name: `n${started++}`,
      timing: defaultLeaseTiming,
      partitions,
      clockRate: 0.98 + random() * 0.04,
      clockOffset: random() * 1e9,
      bucket,
      plan,
      trueNow: () => schedule.now,
      wallNow: () => Math.floor(1.7e12 + schedule.now),
      host: slowHost(random, plan)
    })
    nodes.push(node)
  }
  const checker = new LeaseChecker(partitions)
  schedule.afterEach = () => checker.look(schedule.now, nodes)
  const startSome = () => {
    const count = 2 + Math.floor(random() * 3)
    for (let i = 0; i < count; i++) plan(random() * 500, start)
  }
  startSome()
  schedule.runUntil(calmMillis * random())
  const backup = bucket.writes
  plan(random() * calmMillis, start)
  plan(random() * calmMillis, () => nodes.length > 1 && nodes[0]!.drain())
  schedule.runUntil(schedule.now + calmMillis)
  const goBack = () => {
    isAway = true
    schedule.runUntil(schedule.now + outageMillisMax * random() ** 2)
    isAway = false
    if (kind === "was restored") {
      for (const node of nodes) node.crash()
      nodes = []
    }
    if (kind === "made anew") bucket.makeAnew()
    else bucket.setBack(bucket.writes - backup)
    for (const node of nodes) plan(random() * reconnectMillisMax, () => node.interrupt())
    if (kind === "was restored") startSome()
    checker.countSilenceFrom(schedule.now)
  }
  checker.longestSilenceMillis = 0
  for (const _ of ["first", "second"]) {
    goBack()
    // The second time comes before everything has settled, or after.
    schedule.runUntil(schedule.now + healMillis * random())
  }
  schedule.runUntil(schedule.now + healMillis)
  checker.expectAllServed(nodes.filter((node) => !node.isOver && !node.isLeaving))
  return { seed, violations: checker.violations, silenceMillis: checker.longestSilenceMillis }
}
