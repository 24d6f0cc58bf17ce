import { distributionOf, latencyOf, Meter } from "@roost/load"
import type { Phase, PhaseName, Sample } from "../Report.ts"
import type { NamedPid, Usage } from "./ServerProcesses.ts"
import type { Snapshot } from "./WorkerMessage.ts"

/** The measurements, put together from the workers' snapshots: by phase, by second, and in all. */
export class Tally {
  readonly servers: ReadonlyArray<NamedPid>
  readonly totals = new Meter()
  readonly phases: Array<Phase> = []
  readonly timeline: Array<Sample> = []
  /** Seconds of CPU of the tool's processes that play devices. */
  toolCpuSeconds = 0
  steadyDistribution: ReturnType<typeof distributionOf> = []
  readonly #busiest = new Map<PhaseName, WorkerLoad>()
  readonly #workers: Array<WorkerState>
  readonly #phase = new Meter()
  readonly #second = new Meter()
  readonly #startedAt: number
  /** Measured by the workers since the last sample, added up: their seconds are not this process' seconds. */
  #workerMillis = 0
  #phaseName: PhaseName = "idle"
  #phaseFrom: Mark
  #secondFrom: Mark

  /** `now` in milliseconds. */
  constructor(servers: ReadonlyArray<NamedPid>, workers: number, now: number, usage: ReadonlyArray<Usage>) {
    this.servers = servers
    this.#workers = Array.from({ length: workers }, () => ({ online: 0, inFlight: 0, loopLagMillis: 0, rssBytes: 0 }))
    this.#startedAt = now
    this.#phaseFrom = { at: now, usage, toolCpuSeconds: 0 }
    this.#secondFrom = this.#phaseFrom
  }

  get online(): number {
    return this.#workers.reduce((sum, { online }) => sum + online, 0)
  }

  get rssBytes(): number {
    return this.#workers.reduce((sum, { rssBytes }) => sum + rssBytes, 0)
  }

  /** The worst of what any worker had to bear in about a second of `phase`. */
  busiest(phase: PhaseName): WorkerLoad {
    return this.#busiest.get(phase) ?? { cpuShare: 0, loopLagMillis: 0 }
  }

  add(index: number, snapshot: Snapshot): void {
    const { cpuMicros, inFlight, loopLagMillis, measured, millis, online, rssBytes, threadCpuMicros } = snapshot
    for (const meter of [this.totals, this.#phase, this.#second]) meter.add(measured)
    this.toolCpuSeconds += cpuMicros / 1e6
    this.#workerMillis += millis
    this.#workers[index] = { online, inFlight, loopLagMillis, rssBytes }
    if (millis < sharesMillisMin) return
    const before = this.busiest(this.#phaseName)
    this.#busiest.set(this.#phaseName, {
      cpuShare: Math.max(before.cpuShare, threadCpuMicros / 1000 / millis),
      loopLagMillis: Math.max(before.loopLagMillis, loopLagMillis)
    })
  }

  /** The phase before ends here. */
  enter(phase: PhaseName, now: number, usage: ReadonlyArray<Usage>): void {
    this.sample(now, usage)
    const seconds = (now - this.#phaseFrom.at) / 1000
    if (this.#phaseName !== "idle" || this.phases.length > 0) this.phases.push(this.#phaseUntil(usage, seconds))
    if (this.#phaseName === "steady") this.steadyDistribution = distributionOf(this.#phase.latency)
    this.#phase.reset()
    this.#phaseName = phase
    this.#phaseFrom = { at: now, usage, toolCpuSeconds: this.toolCpuSeconds }
  }

  /** Ends a step of the timeline. */
  sample(now: number, usage: ReadonlyArray<Usage>): Sample | undefined {
    const seconds = this.#workerMillis / this.#workers.length / 1000
    if (seconds < sampleSecondsMin) return undefined
    const wallSeconds = (now - this.#secondFrom.at) / 1000
    const { counts, handshakeLatency, latency } = this.#second
    const sample: Sample = {
      atSeconds: (now - this.#startedAt) / 1000,
      seconds,
      phase: this.#phaseName,
      online: this.online,
      inFlight: this.#workers.reduce((sum, { inFlight }) => sum + inFlight, 0),
      handshakes: counts.fullHandshakes + counts.resumedHandshakes,
      requests: counts.requests,
      responses: counts.responses,
      errors: counts.errors,
      retransmissions: counts.retransmissions,
      latency: latencyOf(latency),
      handshakeLatency: latencyOf(handshakeLatency),
      toolCpu: (this.toolCpuSeconds - this.#secondFrom.toolCpuSeconds) / seconds,
      serverCpu: cpuSince(this.#secondFrom, usage).map((cpu) => cpu / wallSeconds),
      serverRssBytes: usage.map(({ rssBytes }) => rssBytes),
      loopLagMillis: Math.max(0, ...this.#workers.map(({ loopLagMillis }) => loopLagMillis))
    }
    this.timeline.push(sample)
    this.#second.reset()
    this.#workerMillis = 0
    this.#secondFrom = { at: now, usage, toolCpuSeconds: this.toolCpuSeconds }
    return sample
  }

  #phaseUntil(usage: ReadonlyArray<Usage>, seconds: number): Phase {
    const { counts, handshakeLatency, latency } = this.#phase
    const perSecond = (count: number) => (seconds > 0 ? count / seconds : 0)
    return {
      name: this.#phaseName,
      startSeconds: (this.#phaseFrom.at - this.#startedAt) / 1000,
      seconds,
      ...counts,
      handshakesPerSecond: perSecond(counts.fullHandshakes + counts.resumedHandshakes),
      requestsPerSecond: perSecond(counts.requests),
      responsesPerSecond: perSecond(counts.responses),
      latency: latencyOf(latency),
      handshakeLatency: latencyOf(handshakeLatency),
      toolCpuSeconds: this.toolCpuSeconds - this.#phaseFrom.toolCpuSeconds,
      serverCpuSeconds: cpuSince(this.#phaseFrom, usage),
      serverRssBytes: usage.map(({ rssBytes }) => rssBytes)
    }
  }
}

export interface WorkerLoad {
  /** Of a core. */
  readonly cpuShare: number
  readonly loopLagMillis: number
}

interface WorkerState {
  readonly online: number
  readonly inFlight: number
  readonly loopLagMillis: number
  readonly rssBytes: number
}

interface Mark {
  readonly at: number
  readonly usage: ReadonlyArray<Usage>
  readonly toolCpuSeconds: number
}

const cpuSince = (from: Mark, usage: ReadonlyArray<Usage>): ReadonlyArray<number> =>
  usage.map(({ cpuSeconds }, index) => Math.max(0, cpuSeconds - (from.usage[index]?.cpuSeconds ?? 0)))

/** A remainder at a phase's end that is shorter than this goes with nothing: its rates would be noise. */
const sampleSecondsMin = 0.2
/** Shares of shorter times say nothing. */
const sharesMillisMin = 300
