// The leases of a large cluster in simulated time: how long partitions have no owner, and what passes the bucket LEASES for it.
// The nodes are real keepers, the bucket answers after 1 to 3 ms, a host takes up to 100 ms for a partition.
// Usage: node benchmark/ManyLeases.ts [nodes] [partitions]
import { defaultLeaseTiming, type LeaseRecord } from "@roost/cluster"
import { seededRandom } from "@roost/random"
import { SimulatedBucket, type StoredEntry } from "../src/leases/SimulatedBucket.ts"
import { SimulatedNode, slowHost } from "../src/leases/SimulatedNode.ts"
import { Schedule } from "../src/Schedule.ts"

const nodeCount = Number(process.argv[2] ?? 200)
const partitions = Number(process.argv[3] ?? 4096)
const random = seededRandom(1)
const schedule = new Schedule()
const plan = (delay: number, run: () => void) => schedule.plan(delay, run)
const bucket = new SimulatedBucket<LeaseRecord>({ delay: () => 0.5 + random(), plan })
const nodes: Array<SimulatedNode> = []
/** Changes that watchers were told. */
let told = 0
const client = {
  write: bucket.write.bind(bucket),
  read: bucket.read.bind(bucket),
  deleteRevision: bucket.deleteRevision.bind(bucket),
  watch: (onEntry: (key: string, entry: StoredEntry<LeaseRecord>) => void, onRead: () => void) =>
    bucket.watch((key, entry) => {
      told++
      onEntry(key, entry)
    }, onRead)
}

const start = (): void => {
  nodes.push(
    new SimulatedNode({
      name: `n${nodes.length}`,
      timing: defaultLeaseTiming,
      partitions,
      clockRate: 1,
      clockOffset: 0,
      bucket: client,
      plan,
      trueNow: () => schedule.now,
      wallNow: () => Math.floor(1.7e12 + schedule.now),
      host: slowHost(random, plan)
    })
  )
}

/** Partitions that nobody serves; of two that serve one there must be none. */
const orphans = (): number => {
  const owners = new Map<number, string>()
  for (const node of nodes) {
    for (const partition of node.serving.keys()) {
      if (owners.has(partition)) throw new Error(`${owners.get(partition)} and ${node.name} serve ${partition}`)
      owners.set(partition, node.name)
    }
  }
  return partitions - owners.size
}

const moves = (): ReadonlyMap<number, string> =>
  new Map(nodes.flatMap((node) => [...node.serving.keys()].map((partition) => [partition, node.name] as const)))

/** Until everything is served and has been written for a while; what it took. */
const settle = (what: string, leastMillis = 0): void => {
  const [before, startedAt, writesBefore, toldBefore] = [moves(), schedule.now, bucket.writes, told]
  const cpuBefore = process.cpuUsage()
  let [servedAt, without, calmAt] = [schedule.now, 0, schedule.now]
  let written = 0
  for (let claims = -1; schedule.now - Math.max(calmAt, startedAt + leastMillis) < calmMillis;) {
    schedule.runUntil(schedule.now + stepMillis)
    const left = orphans()
    without += (left * stepMillis) / 1000
    if (left > 0) servedAt = schedule.now
    written = partitionWrites(writesBefore)
    if (written !== claims || left > 0) calmAt = schedule.now
    claims = written
  }
  const moved = [...moves()].filter(([partition, name]) => before.get(partition) !== name).length
  const { system, user } = process.cpuUsage(cpuBefore)
  const seconds = (schedule.now - startedAt) / 1000
  console.log(`${what}, all are served after: ${((servedAt - startedAt) / 1000).toFixed(1)} s`)
  console.log(`${what}, the last partition has moved after: ${((calmAt - startedAt) / 1000).toFixed(1)} s`)
  console.log(`${what}, partitions that moved: ${moved} of ${partitions}`)
  console.log(`${what}, time without an owner by partition: ${(without / partitions).toFixed(3)} s`)
  console.log(`${what}, writes of partitions: ${written} writes`)
  console.log(`${what}, writes of all: ${((bucket.writes - writesBefore) / seconds).toFixed(0)} /s`)
  console.log(`${what}, entries told to watchers: ${((told - toldBefore) / seconds).toFixed(0)} /s`)
  const cpu = (system + user) / 1000 / seconds / nodes.filter(({ isOver }) => !isOver).length
  console.log(`${what}, CPU of one node's keeper: ${cpu.toFixed(2)} ms CPU a second`)
}

const partitionWrites = (since: number): number => {
  let count = 0
  for (let i = since; i < bucket.writes; i++) if (bucket.log[i]![0].startsWith("partition.")) count++
  return count
}

const stepMillis = 50
const calmMillis = 5_000
const startMillis = 10_000

console.log(`nodes: ${nodeCount} nodes`)
for (let i = 0; i < nodeCount; i++) schedule.plan(random() * startMillis, start)
settle("all start within 10 s", startMillis)
settle("nothing happens")
nodes[0]!.crash()
settle("one is killed")
start()
settle("one joins")
nodes[1]!.drain()
settle("one leaves in order")
for (const node of nodes.filter(({ isOver }) => !isOver).slice(0, nodeCount / 4)) node.crash()
settle("a quarter is killed at once")
