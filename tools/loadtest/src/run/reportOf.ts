import type { LoadConfig } from "../LoadConfig.ts"
import type { Counts, Latency, Phase, PhaseName, Report, ServerProcess } from "../Report.ts"
import { reportVersion } from "../Report.ts"
import type { Usage } from "./ServerProcesses.ts"
import type { Tally, WorkerLoad } from "./Tally.ts"

export interface RunLimits {
  readonly maxP99Millis: number | null
  readonly maxErrors: number | null
}

export interface RunFacts {
  readonly config: LoadConfig
  readonly limits: RunLimits
  readonly startedAt: Date
  readonly seconds: number
  readonly usageBefore: ReadonlyArray<Usage>
  readonly usageAfter: ReadonlyArray<Usage>
  /** Of this process, which only looks on. */
  readonly coordinatorCpuSeconds: number
}

export const reportOf = (facts: RunFacts, tally: Tally): Report => {
  const { phases } = tally
  const steady = phases.find(({ name }) => name === "steady")
  const connect = phases.find(({ name }) => name === "connect")
  const reconnects = phases.filter(({ name }) => name === "reconnect")
  const latency = steady?.latency ?? noLatency
  const totals = tally.totals.counts
  const responses = steady?.responses ?? 0
  const bottleneckReasons = (["connect", "steady", "reconnect"] as const).flatMap((phase) =>
    bottlenecks(phase, tally.busiest(phase))
  )
  const isServed = tally.servers.length > 0
  return {
    version: reportVersion,
    startedAt: facts.startedAt.toISOString(),
    seconds: facts.seconds,
    config: facts.config,
    totals,
    phases,
    latency,
    handshakeLatency: connect?.handshakeLatency ?? noLatency,
    latencyDistribution: tally.steadyDistribution,
    timeline: tally.timeline,
    servers: serversOf(facts, tally),
    cpuMicrosPerRequest: isServed ? microsEach(serverCpu(steady), responses) : null,
    cpuMicrosPerHandshake: isServed ? microsEach(serverCpu(connect), handshakesOf(connect)) : null,
    cpuMicrosPerReconnect: isServed
      ? microsEach(sum(reconnects.map(serverCpu)), sum(reconnects.map(handshakesOf)))
      : null,
    tool: {
      processes: facts.config.processes,
      cpuSeconds: tally.toolCpuSeconds + facts.coordinatorCpuSeconds,
      cpuMicrosPerRequest: microsEach(steady?.toolCpuSeconds ?? 0, responses),
      cpuMicrosPerHandshake: microsEach(connect?.toolCpuSeconds ?? 0, handshakesOf(connect)),
      rssBytes: tally.rssBytes,
      isBottleneck: bottleneckReasons.length > 0,
      bottleneckReasons
    },
    limits: verdictOf(facts.limits, latency, totals)
  }
}

/** Whether the run kept what was asked of it. Without a measured latency a limit on it is not kept. */
export const verdictOf = (limits: RunLimits, latency: Latency, totals: Counts): Report["limits"] => {
  const { maxErrors, maxP99Millis } = limits
  const broken: Array<string> = []
  if (maxP99Millis !== null && latency.p99 === null)
    broken.push(`p99: nothing was measured, the limit is ${maxP99Millis} ms`)
  else if (maxP99Millis !== null && latency.p99! > maxP99Millis) {
    broken.push(`p99: ${latency.p99!.toFixed(2)} ms, the limit is ${maxP99Millis} ms`)
  }
  if (maxErrors !== null && totals.errors > maxErrors)
    broken.push(`errors: ${totals.errors}, the limit is ${maxErrors}`)
  return { maxP99Millis, maxErrors, kept: broken.length === 0, broken }
}

/** Why the figures of a phase may be the tool's and not the server's. */
export const bottlenecks = (phase: PhaseName, { cpuShare, loopLagMillis }: WorkerLoad): ReadonlyArray<string> => [
  ...(cpuShare >= cpuShareMax
    ? [
        `${phase}: a process of the tool used ${Math.round(cpuShare * 100)} % of a core; try --processes, or another machine`
      ]
    : []),
  // Handshakes are computed in one go; their latency is not told to the millisecond.
  ...(phase === "steady" && loopLagMillis >= loopLagMillisMax
    ? [
        `${phase}: its event loop was ${Math.round(loopLagMillis)} ms late (p99); latencies hold that much of the tool's own`
      ]
    : [])
]

const serversOf = (facts: RunFacts, { phases, servers }: Tally): ReadonlyArray<ServerProcess> => {
  const cpuIn = (index: number, names: ReadonlyArray<Phase["name"]>) =>
    sum(phases.filter(({ name }) => names.includes(name)).map(({ serverCpuSeconds }) => serverCpuSeconds[index] ?? 0))
  const connected = phases.find(({ name }) => name === "connect")?.serverRssBytes
  return servers.map(({ name, pid }, index) => ({
    name,
    pid,
    cpuSecondsDuringLoad: cpuIn(index, ["steady"]),
    cpuSecondsDuringHandshakes: cpuIn(index, ["connect", "reconnect"]),
    rssBytesBefore: facts.usageBefore[index]?.rssBytes ?? 0,
    rssBytesConnected: connected?.[index] ?? 0,
    rssBytes: facts.usageAfter[index]?.rssBytes ?? 0
  }))
}

const serverCpu = (phase: Phase | undefined): number => sum(phase?.serverCpuSeconds ?? [])
const handshakesOf = (phase: Phase | undefined): number =>
  phase === undefined ? 0 : phase.fullHandshakes + phase.resumedHandshakes
const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)
const microsEach = (seconds: number, count: number): number | null => (count === 0 ? null : (seconds * 1e6) / count)
const noLatency: Latency = { count: 0, mean: null, p50: null, p90: null, p99: null, p999: null, max: null }
const cpuShareMax = 0.9
/** Above this the tool's lateness is more than a reader would put down to the network. */
const loopLagMillisMax = 20
