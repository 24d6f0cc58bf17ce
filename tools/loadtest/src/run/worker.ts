import { DeviceBook, Fleet } from "@roost/load"
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { LoadConfig } from "../LoadConfig.ts"
import type { PhaseName } from "../Report.ts"
import { enterPhase } from "./Phases.ts"
import type { FromWorker, ToWorker } from "./WorkerMessage.ts"

// A process that plays devices. It is told what to do over IPC and ends with its coordinator.

const snapshotMillis = 1_000
/** How often the event loop's lag is looked at. */
const lagResolutionMillis = 10

const tell = (message: FromWorker): void => {
  process.send?.(message)
}

const lag = monitorEventLoopDelay({ resolution: lagResolutionMillis })
let playing: { readonly fleet: Fleet; readonly config: LoadConfig } | undefined
let phase: PhaseName = "idle"
let cpu = process.cpuUsage()
let threadCpu = process.threadCpuUsage()
let takenAt = performance.now()

const takeSnapshot = (isLastOfPhase: boolean): void => {
  if (playing === undefined) return
  const { fleet } = playing
  const used = process.cpuUsage(cpu)
  const threadUsed = process.threadCpuUsage(threadCpu)
  const now = performance.now()
  tell({
    _tag: "Snapshot",
    isLastOfPhase,
    measured: fleet.take(),
    online: fleet.online,
    inFlight: fleet.inFlight,
    millis: now - takenAt,
    cpuMicros: used.user + used.system,
    threadCpuMicros: threadUsed.user + threadUsed.system,
    loopLagMillis: Math.max(0, lag.percentile(99) / 1e6 - lagResolutionMillis),
    rssBytes: process.memoryUsage.rss()
  })
  cpu = process.cpuUsage()
  threadCpu = process.threadCpuUsage()
  takenAt = now
  lag.reset()
}

const handle = (message: ToWorker): void => {
  if (message._tag === "Start") {
    const { config, source } = message
    const fleet = new Fleet(config, new DeviceBook(config, source), (text) => tell({ _tag: "Fatal", message: text }))
    playing = { fleet, config }
    lag.enable()
    setInterval(() => takeSnapshot(false), snapshotMillis)
    tell({ _tag: "Ready" })
  } else if (playing !== undefined) {
    takeSnapshot(true)
    const before = phase
    const entered = (phase = message.phase)
    void enterPhase(playing.fleet, entered, before, playing.config)?.then(() =>
      tell({ _tag: "PhaseDone", phase: entered })
    )
  }
}

process.on("message", (message: ToWorker) => {
  try {
    handle(message)
  } catch (error) {
    tell({ _tag: "Fatal", message: error instanceof Error ? error.message : String(error) })
  }
})
// Ctrl-C reaches the whole group: the coordinator ends the run in order.
process.on("SIGINT", () => undefined)
process.on("disconnect", () => process.exit())
