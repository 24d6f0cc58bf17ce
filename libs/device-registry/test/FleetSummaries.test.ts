import { assert, describe, it } from "@effect/vitest"
import { type Cluster, type ProcessSummary, summaryProductsMax, summarySilenceMillisMax } from "@roost/contracts"
import { problemsOf } from "../src/fleet/ClusterProblems.ts"
import { activityOf, deviceCounts } from "../src/fleet/FleetSummaries.ts"
import { HeardProcesses, processesMax } from "../src/fleet/HeardProcesses.ts"

const summary = (node: string, uplinks: number, more: Partial<ProcessSummary> = {}): ProcessSummary => ({
  app: "session-actors",
  node,
  host: "h",
  version: "1",
  nodeVersion: "v26",
  since: 1,
  ready: true,
  checks: {},
  cpuSeconds: 0,
  memoryBytes: 1,
  lagMillis: 0,
  counts: { uplinks },
  refusals: { "request.4.03": uplinks / 10 },
  ...more
})

describe("what processes tell of themselves", () => {
  it("is rates of all of them over the last seconds, and counts since they started", () => {
    const heard = new HeardProcesses()
    for (let second = 0; second <= 20; second++) {
      // 100 a second at first, 10 a second later.
      const uplinks = second < 10 ? 100 * second : 1_000 + 10 * (second - 10)
      heard.handle(second * 1_000, summary("a", uplinks))
      heard.handle(second * 1_000, summary("b", 2 * uplinks))
    }
    const { rates, refusals } = activityOf(heard.current(20_000))
    assert.strictEqual(rates.uplinksPerSecond, 30)
    assert.deepStrictEqual(refusals, [{ code: "request.4.03", app: "session-actors", count: 330, perSecond: 3 }])
  })

  it("begins anew with a process that was started again, and is forgotten with one that is silent", () => {
    const heard = new HeardProcesses()
    heard.handle(0, summary("a", 0))
    heard.handle(1_000, summary("a", 5_000))
    heard.handle(2_000, summary("a", 3, { since: 2 }))
    assert.strictEqual(activityOf(heard.current(2_000)).rates.uplinksPerSecond, 0)
    assert.lengthOf(heard.current(2_000 + summarySilenceMillisMax), 1)
    assert.lengthOf(heard.current(2_001 + summarySilenceMillisMax), 0)
  })

  it("is kept of so many processes, those that were heard last", () => {
    const heard = new HeardProcesses()
    for (let i = 0; i <= processesMax; i++) heard.handle(i, summary(`n${i}`, 0))
    const names = heard.current(processesMax).map((process) => process.summary.node)
    assert.lengthOf(names, processesMax)
    assert.notInclude(names, "n0")
  })

  it("has the commands that wait once, however many instances see them, and those that ended of each", () => {
    const heard = new HeardProcesses()
    for (const node of ["a", "b"]) {
      const counts = { "commands.succeeded": 2, "commands.sent": 9 }
      heard.handle(0, summary(node, 0, { app: "downlink-queue", counts, waiting: { created: 7, sent: 1 } }))
    }
    const { byState } = activityOf(heard.current(0)).commands
    assert.deepInclude(byState, { created: 7, sent: 1, succeeded: 4, expired: 0 })
  })
})

it("devices are counted by product and state, products with most devices first", () => {
  const products = Array.from({ length: summaryProductsMax + 1 }, (_, i) => ({
    productKey: `p${i}`,
    productName: "P",
    byStatus: { online: i, disabled: 1 }
  }))
  const counts = deviceCounts(5, products)
  assert.deepInclude(counts, { countedAt: 5, total: 20_301 })
  assert.deepStrictEqual(counts.byStatus, { inactive: 0, online: 20_100, offline: 0, disabled: 201 })
  assert.lengthOf(counts.byProduct, summaryProductsMax)
  assert.deepInclude(counts.byProduct[0], { productKey: "p200", total: 201 })
})

describe("the problems of a cluster", () => {
  const node = (app: string, more: object = {}) => ({
    app,
    node: `${app}-1`,
    host: "h",
    version: "1",
    nodeVersion: "v26",
    since: 1,
    lastSeen: 1,
    ready: true,
    checks: {},
    cpu: 0,
    memoryBytes: 1,
    lagMillis: 0,
    ...more
  })
  const well: Omit<Cluster, "problems"> = {
    at: 1,
    nodes: ["udp-edge", "session-actors", "registry", "downlink-queue"].map((app) => node(app)),
    partitions: Array.from({ length: 512 }, () => 1),
    streams: [],
    natsServers: []
  }

  it("are none when all is well, and each is a sentence with its cure otherwise", () => {
    assert.deepStrictEqual(problemsOf(well), [])
    const stream = { name: "UPLINK", messages: 1, bytes: 95, bytesMax: 100, replicas: 3 }
    const problems = problemsOf({
      ...well,
      nodes: [
        ...well.nodes.slice(1, 3),
        node("downlink-queue", { ready: false, version: "2", checks: { nats: "no server is connected" } })
      ],
      partitions: well.partitions.map((index, i) => (i < 3 ? null : index)),
      streams: [{ ...stream, consumers: [{ name: "billing", pending: 20_000, unacknowledged: 0 }] }],
      natsServers: [{ name: "n2", connected: false, current: false }]
    })
    const expected = [
      /^Nobody serves 3 of the 512 partitions/,
      /^No udp-edge was heard of/,
      /^downlink-queue downlink-queue-1 is not ready: nats: no server is connected/,
      /^nats-server n2 is behind/,
      /^UPLINK is 95 % full/,
      /^billing is 20000 messages behind the end of UPLINK/,
      /^Processes of several versions run: 1, 2/
    ]
    assert.lengthOf(problems, expected.length)
    for (const [i, pattern] of expected.entries()) assert.match(problems[i]!, pattern)
  })
})
