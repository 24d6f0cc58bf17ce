import { monitorEventLoopDelay } from "node:perf_hooks"
import { DeviceBook } from "../DeviceBook.ts"
import { Engine } from "../engine/Engine.ts"
import type { FromWorker, ToWorker } from "./WorkerMessage.ts"

// A process that plays devices. It is told what to do over IPC and ends with its coordinator.

const snapshotMillis = 1_000
/** How often the event loop's lag is looked at. */
const lagResolutionMillis = 10

const tell = (message: FromWorker): void => {
  process.send?.(message)
}

const lag = monitorEventLoopDelay({ resolution: lagResolutionMillis })
let engine: Engine | undefined
let cpu = process.cpuUsage()
let threadCpu = process.threadCpuUsage()
let takenAt = performance.now()

const takeSnapshot = (isLastOfPhase: boolean): void => {
  if (engine === undefined) return
  const { lost, reordered } = engine.takeFaults()
  engine.meter.counters.datagramsLostOnPurpose += lost
  engine.meter.counters.datagramsReorderedOnPurpose += reordered
  const used = process.cpuUsage(cpu)
  const threadUsed = process.threadCpuUsage(threadCpu)
  const now = performance.now()
  tell({
    _tag: "Snapshot",
    isLastOfPhase,
    measured: engine.meter.take(),
    online: engine.online,
    inFlight: engine.inFlight,
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
    engine = new Engine(message.config, new DeviceBook(message.config, message.source), {
      onPhaseDone: (phase) => tell({ _tag: "PhaseDone", phase }),
      onFatal: (text) => tell({ _tag: "Fatal", message: text })
    })
    lag.enable()
    setInterval(() => takeSnapshot(false), snapshotMillis)
    tell({ _tag: "Ready" })
  } else {
    takeSnapshot(true)
    engine?.enter(message.phase)
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
