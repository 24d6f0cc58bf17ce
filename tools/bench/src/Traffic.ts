import { Effect } from "effect"
import { CpuMeter, total } from "./CpuMeter.ts"
import type { Quantity, Sample } from "./Figures.ts"
import type { LoadSuite } from "./load/LoadDevices.ts"
import { LoadFailed } from "./load/LoadProcess.ts"
import { machineCpuMillis } from "./ProcessUse.ts"
import { type Measured, type RunOptions, startBoth } from "./RunOptions.ts"
import type { Contestant, RunningServer } from "./servers/Contestant.ts"
import { floor } from "./servers/Floor.ts"

/**
 * Handshakes, resumptions, uplinks at full and at half load, on a server of its own; then the floor at that half load. A latency beside
 * that of a floor that has five times as much to do would say nothing.
 */
export const measureTraffic = (contestant: Contestant, suite: LoadSuite, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const { ratePerSecond, samples } = yield* Effect.scoped(measureServer(contestant, suite, options))
    if (contestant.key === floor.key) return samples
    const { devices, quick, seconds, step } = options
    step("floor at the same rate")
    const { p99 } = yield* Effect.scoped(
      Effect.gen(function* () {
        const { load } = yield* startBoth(floor, "none", options, devices)
        yield* load.connect({ count: devices })
        yield* load.load(quick ? 1 : floor.warmUp.seconds, ratePerSecond)
        return yield* load.load(seconds, ratePerSecond)
      })
    )
    return [...samples, { server: contestant.key, quantity: "floorP99", suite, devices, value: p99 ?? Number.NaN }]
  })

const measureServer = (contestant: Contestant, suite: LoadSuite, options: RunOptions) =>
  Effect.gen(function* () {
    const { devices, quick, seconds, step } = options
    const { load, server } = yield* startBoth(contestant, suite, options, devices)
    const samples: Array<Sample> = []
    const add = (quantity: Quantity, value: number, process?: string) =>
      samples.push({ server: contestant.key, quantity, suite, devices, value, ...(process && { process }) })
    const addCost = (quantity: Quantity, used: ReadonlyMap<string, number>, count: number) => {
      add(quantity, (total(used) * 1000) / count)
      if (used.size > 1) for (const [name, millis] of used) add(quantity, (millis * 1000) / count, name)
    }
    const { warmUp } = contestant
    if (suite === "none") yield* load.connect({ count: devices })
    else {
      step("handshakes to warm up")
      for (let i = 0; i < (quick ? 1 : warmUp.handshakeRounds); i++) {
        yield* load.leave
        yield* quiet(server)
        yield* load.connect({ count: devices })
      }
      const rounds = quick ? 1 : handshakeRounds
      for (const [resume, rate, cost, name] of handshakeKinds) {
        let took = 0
        const used = new Map<string, number>()
        step(name)
        for (let i = 0; i < rounds; i++) {
          yield* load.leave
          // A handshake does not pay for goodbyes.
          yield* quiet(server)
          const meter = new CpuMeter(server.processes)
          const connected = yield* load.connect({ count: devices, resume })
          // It does pay for the records that a server writes behind its last answers.
          yield* Effect.sleep(afterHandshakesMillis)
          if (resume && connected.resumed < devices) {
            return yield* new LoadFailed({ detail: `${connected.resumed} of ${devices} sessions were resumed` })
          }
          took += connected.seconds
          for (const [name, millis] of meter.read()) used.set(name, (used.get(name) ?? 0) + millis)
        }
        add(rate, (rounds * devices) / took)
        addCost(cost, used, rounds * devices)
      }
    }
    step("uplinks to warm up")
    yield* quiet(server)
    yield* load.load(quick ? 1 : warmUp.seconds)
    step("uplinks")
    const meter = new CpuMeter(server.processes)
    const machineBefore = machineCpuMillis()
    const full = yield* load.load(seconds)
    const used = meter.read()
    const elsewhere = machineCpuMillis() - machineBefore - total(used) - full.busy * full.seconds * 1000
    add("uplinkRate", full.answered / full.seconds)
    addCost("uplinkCpu", used, full.answered)
    add("loadBusy", full.busy * 100)
    add("othersBusy", Math.max(0, elsewhere / full.seconds / 10))
    step("uplinks at half load")
    const ratePerSecond = full.answered / full.seconds / 2
    const halfMeter = new CpuMeter(server.processes)
    const half = yield* load.load(seconds, ratePerSecond)
    addCost("halfCpu", halfMeter.read(), half.answered)
    add("p50", half.p50 ?? Number.NaN)
    add("p99", half.p99 ?? Number.NaN)
    add("p999", half.p999 ?? Number.NaN)
    return { samples, ratePerSecond }
  })

/** Until the server has done its remaining work, or its time is over. It has where it takes less than a tenth of a core for a moment. */
const quiet = ({ processes }: RunningServer): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let waited = 0; waited < quietMillisMax; waited += quietMillis) {
      const meter = new CpuMeter(processes)
      yield* Effect.sleep(quietMillis)
      if (total(meter.read()) < quietMillis / 10) return
    }
  })

const handshakeKinds = [
  [false, "handshakeRate", "handshakeCpu", "full handshakes"],
  [true, "resumptionRate", "resumptionCpu", "resumed handshakes"]
] as const
/** Several, since CPU times are good to 10 ms. */
const handshakeRounds = 3
const quietMillis = 300
const quietMillisMax = 6000
const afterHandshakesMillis = 500
