import { Effect } from "effect"
import { CpuMeter, total } from "./CpuMeter.ts"
import type { Quantity, Sample } from "./Figures.ts"
import { machineCpuMillis } from "./ProcessUse.ts"
import { type Measured, type RunOptions, startBoth } from "./RunOptions.ts"
import type { Contestant } from "./servers/Contestant.ts"

/**
 * Uplinks at fixed rates, the lowest first. Nothing is pinned. At a low rate a request's cost is that of waking up. Processes that
 * share a core wake up otherwise than those of a user. The load sleeps between requests for the same reason.
 */
export const measureRates = (contestant: Contestant, rates: ReadonlyArray<number>, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = contestant.suites[0]!
    const { quick, seconds, step } = options
    const devices = Math.min(options.devices, fleetMax)
    const unpinned = { ...options, place: { ...options.place, core: undefined }, loadCore: undefined }
    const { load, server } = yield* startBoth(contestant, suite, unpinned, devices)
    step("handshakes and uplinks to warm up")
    yield* load.connect({ count: devices })
    yield* load.load(quick ? 1 : contestant.warmUp.seconds)
    // Presence, counters and latest values of the warm-up are still being written.
    yield* Effect.sleep(settleMillis)
    const samples: Array<Sample> = []
    for (const rate of rates.toSorted((a, b) => a - b)) {
      step(`${rate} uplinks/s`)
      yield* load.load(quick ? 1 : beginSeconds, rate)
      const meter = new CpuMeter(server.processes)
      const machineBefore = machineCpuMillis()
      const { answered, busy, p50, p99, seconds: took } = yield* load.load(seconds, rate)
      const used = meter.read()
      const elsewhere = machineCpuMillis() - machineBefore - total(used) - busy * took * 1000
      const add = (quantity: Quantity, value: number, process?: string) =>
        samples.push({ server: contestant.key, quantity, suite, devices, rate, value, ...(process && { process }) })
      if (answered === 0) {
        step(`nothing was answered in ${seconds} s: this stretch does not count`)
        continue
      }
      add("rateCpu", (total(used) * 1000) / answered)
      for (const [name, millis] of used) add("rateCpu", (millis * 1000) / answered, name)
      add("rateP50", p50 ?? Number.NaN)
      add("rateP99", p99 ?? Number.NaN)
      add("rateAnswered", (answered / (rate * took)) * 100)
      add("rateLoadCpu", (busy * took * 1e6) / answered)
      add("othersBusy", Math.max(0, elsewhere / took / 10))
    }
    return samples
  })

const fleetMax = 1000
/** Of a rate, before it counts. */
const beginSeconds = 2
const settleMillis = 3000
