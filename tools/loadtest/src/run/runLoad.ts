import type { DeviceSource } from "@roost/load"
import type { LoadConfig } from "../LoadConfig.ts"
import type { PhaseName, Report, Sample } from "../Report.ts"
import { reportOf, type RunLimits } from "./reportOf.ts"
import { type NamedPid, ServerProcesses } from "./ServerProcesses.ts"
import { Tally } from "./Tally.ts"
import { Workers } from "./Workers.ts"

export interface RunOptions {
  readonly config: LoadConfig
  readonly source: DeviceSource
  readonly limits: RunLimits
  readonly servers: ReadonlyArray<NamedPid>
  /** About once a second. */
  readonly onSample: (sample: Sample, tally: Tally, progress: Progress) => void
  /** Commands, issued while there is load. */
  readonly whileLoad?: (signal: AbortSignal) => Promise<void>
  /** Ends the run early; what was measured until then is reported. */
  readonly signal?: AbortSignal
}

export interface Progress {
  readonly phase: PhaseName
  /** Since the phase began. */
  readonly phaseSeconds: number
  /** Of the phases to come and this one; an estimate where a phase lasts until the devices are through. */
  readonly secondsLeft: number
}

interface Plan {
  readonly phase: PhaseName
  /** Undefined: until the devices are through with it. */
  readonly seconds: number | undefined
}

/** The phases of a run, in order. */
export const planOf = (config: LoadConfig): ReadonlyArray<Plan> => {
  const { durationSeconds, idleSeconds, reconnectRounds, stormDevices, warmupSeconds } = config
  const load: ReadonlyArray<Plan> = [
    { phase: "warmup", seconds: warmupSeconds },
    { phase: "steady", seconds: durationSeconds },
    { phase: "drain", seconds: undefined }
  ]
  return [
    { phase: "connect", seconds: undefined },
    ...(durationSeconds > 0 ? load.filter(({ seconds }) => seconds !== 0) : []),
    ...(idleSeconds > 0 ? [{ phase: "idle", seconds: idleSeconds } as const] : []),
    ...Array.from({ length: reconnectRounds }, () => ({ phase: "reconnect", seconds: undefined }) as const),
    ...(stormDevices > 0 ? [{ phase: "storm", seconds: undefined } as const] : [])
  ]
}

export const runLoad = async (options: RunOptions): Promise<Report> => {
  const { config, limits, onSample, signal, source, whileLoad } = options
  const servers = new ServerProcesses(options.servers)
  const usageBefore = servers.read()
  const startedAt = new Date()
  const startMillis = performance.now()
  const ownCpu = process.cpuUsage()
  const tally = new Tally(servers.processes, config.processes, startMillis, usageBefore)
  await using workers = await Workers.start(config, source, (index, snapshot) => tally.add(index, snapshot))
  const plan = planOf(config)
  const stop = new AbortController()
  const stopped = signal === undefined ? never : aborted(signal)
  let commands: Promise<void> | undefined
  let at = 0
  let phaseFrom = startMillis
  const timer = setInterval(() => {
    const now = performance.now()
    const sample = tally.sample(now, servers.read())
    const phaseSeconds = (now - phaseFrom) / 1000
    const secondsLeft = Math.max(0, plannedSeconds(plan.slice(at), config) - phaseSeconds)
    if (sample !== undefined) onSample(sample, tally, { phase: sample.phase, phaseSeconds, secondsLeft })
  }, 1000)
  try {
    for (; at < plan.length; at++) {
      if (signal?.aborted === true) break
      const { phase, seconds } = plan[at]!
      const done = seconds === undefined ? workers.done(phase) : undefined
      await workers.enter(phase)
      phaseFrom = performance.now()
      tally.enter(phase, phaseFrom, servers.read())
      if (at === 1 && isNobodyOnline(config, tally)) break
      if (phase === "steady" || phase === "warmup") commands ??= whileLoad?.(stop.signal)
      await Promise.race([done ?? workers.lasts(seconds! * 1000), stopped])
      if (phase === "steady") stop.abort()
    }
    await workers.enter("idle")
    tally.enter("idle", performance.now(), servers.read())
  } finally {
    clearInterval(timer)
    stop.abort()
  }
  await commands
  const used = process.cpuUsage(ownCpu)
  return reportOf(
    {
      config,
      limits,
      startedAt,
      seconds: (performance.now() - startMillis) / 1000,
      usageBefore,
      usageAfter: servers.read(),
      coordinatorCpuSeconds: (used.user + used.system) / 1e6
    },
    tally
  )
}

/** No device shook hands: what else is planned would measure nothing. */
const isNobodyOnline = ({ suite }: LoadConfig, { totals }: Pick<Tally, "totals">): boolean =>
  suite !== "plain" && totals.counters.fullHandshakes === 0 && totals.counters.failedHandshakes > 0

const plannedSeconds = (plan: ReadonlyArray<Plan>, config: LoadConfig): number => {
  const { devices, rampSeconds, stormSeconds } = config
  let sum = 0
  for (const { phase, seconds } of plan) {
    const guess = phase === "drain" ? 0 : phase === "storm" ? stormSeconds : devices / handshakesPerSecondGuess
    sum += seconds ?? Math.max(guess, phase === "connect" ? rampSeconds : 0)
  }
  return sum
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))

const never = new Promise<void>(() => undefined)
/** For the time that is left, until it is known better. */
const handshakesPerSecondGuess = 2_000
