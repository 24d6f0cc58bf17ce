import { Effect, type Scope } from "effect"
import type { ProcessFailed } from "@roost/testkit"
import { CpuMeter, total } from "./CpuMeter.ts"
import type { Quantity, Sample } from "./Figures.ts"
import type { LoadSuite } from "./load/LoadDevice.ts"
import { LoadFailed, type LoadProcess, loadProcess } from "./load/LoadProcess.ts"
import { machineCpuMillis, processUse } from "./ProcessUse.ts"
import type { Contestant, Place, RunningServer } from "./servers/Contestant.ts"

export interface RunOptions {
  readonly place: Omit<Place, "devices">
  readonly loadCore: number | undefined
  readonly devices: number
  readonly underWay: number
  readonly seconds: number
  readonly quick: boolean
}

type Measured = Effect.Effect<ReadonlyArray<Sample>, LoadFailed | ProcessFailed, Scope.Scope>

/** Handshakes, resumptions, uplinks at full and at half load, on a server of its own. */
export const measureTraffic = (contestant: Contestant, suite: LoadSuite, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const { devices, quick, seconds } = options
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
      for (let i = 0; i < (quick ? 1 : warmUp.handshakeRounds); i++) {
        yield* load.leave
        yield* load.connect({ count: devices })
      }
      const rounds = quick ? 1 : handshakeRounds
      for (const [resume, rate, cost] of handshakeKinds) {
        let took = 0
        const used = new Map<string, number>()
        for (let i = 0; i < rounds; i++) {
          yield* load.leave
          const meter = new CpuMeter(server.processes)
          const connected = yield* load.connect({ count: devices, resume })
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
    yield* load.load(quick ? 1 : warmUp.seconds)
    const meter = new CpuMeter(server.processes)
    const machineBefore = machineCpuMillis()
    const full = yield* load.load(seconds)
    const used = meter.read()
    const elsewhere = machineCpuMillis() - machineBefore - total(used) - full.busy * full.seconds * 1000
    add("uplinkRate", full.answered / full.seconds)
    addCost("uplinkCpu", used, full.answered)
    add("loadBusy", full.busy * 100)
    add("othersBusy", Math.max(0, elsewhere / full.seconds / 10))
    const half = yield* load.load(seconds, full.answered / full.seconds / 2)
    add("p50", half.p50)
    add("p99", half.p99)
    add("p999", half.p999)
    return samples
  })

/** What sessions of devices that shook hands and left cost. */
export const measureMemory = (contestant: Contestant, devices: number, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { load, server } = yield* startBoth(contestant, suite, options, warmUpSessions + devices)
    // Code that is compiled, buffers that are allocated once and pools that have their size are no session's.
    yield* load.connect({ count: warmUpSessions, leave: true })
    const live = yield* server.liveBytes
    const resident = residentBytes(server)
    yield* load.connect({ first: warmUpSessions, count: devices, leave: true })
    const liveAfter = yield* server.liveBytes
    const samples: Array<Sample> = []
    const add = (quantity: Quantity, bytes: number) =>
      samples.push({ server: contestant.key, quantity, suite, devices, value: bytes / devices })
    if (live !== undefined && liveAfter !== undefined) add("liveMemory", liveAfter - live)
    add("residentMemory", residentBytes(server) - resident)
    return samples
  })

/** Online devices that say nothing: what their timers cost. */
export const measureIdle = (contestant: Contestant, devices: number, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { load, server } = yield* startBoth(contestant, suite, options, devices)
    yield* load.connect({ count: devices, leave: true })
    // Presence and counters of the handshakes are still being written.
    yield* Effect.sleep(settleMillis)
    const meter = new CpuMeter(server.processes)
    yield* Effect.sleep(options.seconds * 1000)
    const used = meter.read()
    const sampleOf = (millis: number, process?: string): Sample => ({
      server: contestant.key,
      quantity: "idleCpu",
      suite,
      devices,
      value: millis / options.seconds / 10,
      ...(process && { process })
    })
    return [sampleOf(total(used)), ...Array.from(used, ([process, millis]) => sampleOf(millis, process))]
  })

/** Sleeping devices all wake at once: every one of them shakes hands. */
export const measureWakeUp = (contestant: Contestant, devices: number, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { load } = yield* startBoth(contestant, suite, options, devices)
    yield* load.connect({ count: Math.min(devices, warmUpSessions), leave: true })
    const { seconds } = yield* load.connect({ count: devices, leave: true })
    return [{ server: contestant.key, quantity: "wakeUp", suite, devices, value: seconds }]
  })

const startBoth = (
  contestant: Contestant,
  suite: LoadSuite,
  options: RunOptions,
  devices: number
): Effect.Effect<{ server: RunningServer; load: LoadProcess }, ProcessFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { loadCore, place, underWay } = options
    const server = yield* contestant.start({ ...place, devices })
    const { productKey, psk } = place
    const load = yield* loadProcess({ core: loadCore, port: server.port, suite, psk, productKey, underWay })
    return { server, load }
  })

const residentBytes = ({ processes }: RunningServer): number =>
  processes.reduce((sum, [, pid]) => sum + (processUse(pid)?.residentBytes ?? 0), 0)

const handshakeKinds = [
  [false, "handshakeRate", "handshakeCpu"],
  [true, "resumptionRate", "resumptionCpu"]
] as const
/** Several, since CPU times are good to 10 ms. */
const handshakeRounds = 3
const warmUpSessions = 1000
const settleMillis = 3000
