import { Effect, type Scope } from "effect"
import type { ProcessFailed } from "@roost/testkit"
import { CpuMeter, total } from "./CpuMeter.ts"
import type { Quantity, Sample } from "./Figures.ts"
import type { LoadSuite } from "./load/LoadDevice.ts"
import { loadGroup } from "./load/LoadGroup.ts"
import { LoadFailed, type LoadProcess, loadProcess } from "./load/LoadProcess.ts"
import { machineCpuMillis, processUse } from "./ProcessUse.ts"
import type { Contestant, Place, RunningServer } from "./servers/Contestant.ts"
import { floor } from "./servers/Floor.ts"

export interface RunOptions {
  readonly place: Omit<Place, "devices">
  readonly loadCore: number | undefined
  readonly devices: number
  readonly underWay: number
  readonly seconds: number
  /** Of everything in traffic; stretches per size of fleet. */
  readonly rounds: number
  readonly quick: boolean
  /** What is being done now, for whoever waits. */
  readonly step: (text: string) => void
}

type Measured = Effect.Effect<ReadonlyArray<Sample>, LoadFailed | ProcessFailed, Scope.Scope>

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
    return [...samples, { server: contestant.key, quantity: "floorP99", suite, devices, value: p99 }]
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
          // What goodbyes cost is no handshake's.
          yield* quiet(server)
          const meter = new CpuMeter(server.processes)
          const connected = yield* load.connect({ count: devices, resume })
          // What a server writes down behind its last answers is.
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
    add("p50", half.p50)
    add("p99", half.p99)
    add("p999", half.p999)
    return { samples, ratePerSecond }
  })

/** Uplinks of a fleet that grows on one server, as many under way whatever its size: only the number of devices differs. */
export const measureFlat = (contestant: Contestant, fleets: ReadonlyArray<number>, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { loadCore, place, rounds, seconds, step } = options
    const sizes = fleets.toSorted((a, b) => a - b)
    const devices = sizes.at(-1)!
    const server = yield* contestant.start({ ...place, devices })
    const { productKey, psk } = place
    const underWay = Math.min(options.underWay, sizes[0]!)
    const load = yield* loadGroup({ core: loadCore, port: server.port, suite, psk, productKey, underWay, devices })
    const samples: Array<Sample> = []
    let online = 0
    for (const size of sizes) {
      step(`${size} devices: handshakes`)
      yield* load.connect(online, size)
      step(`${size} devices: uplinks`)
      // Presence and counters of the handshakes are still being written.
      yield* Effect.sleep(settleMillis)
      yield* load.load(online === 0 ? contestant.warmUp.seconds : flatWarmUpSeconds)
      online = size
      for (let round = 0; round < rounds; round++) {
        const meter = new CpuMeter(server.processes)
        const answered = yield* load.load(seconds)
        const value = (total(meter.read()) * 1000) / answered
        samples.push({ server: contestant.key, quantity: "flatCpu", suite, devices: size, value })
      }
    }
    return samples
  })

/** What sessions of devices that shook hands and left cost. */
export const measureMemory = (contestant: Contestant, devices: number, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { load, server } = yield* startBoth(contestant, suite, options, warmUpSessions + devices)
    options.step("handshakes")
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
    const seconds = Math.max(options.seconds, idleSecondsMin)
    const samples: Array<Sample> = []
    const measure = (online: number) =>
      Effect.gen(function* () {
        options.step(`${seconds} s of silence, ${online} devices`)
        // Presence and counters of the handshakes are still being written, and the collectors are at it.
        yield* Effect.sleep(idleSettleMillis)
        const meter = new CpuMeter(server.processes)
        yield* Effect.sleep(seconds * 1000)
        const used = meter.read()
        const add = (millis: number, process?: string) =>
          samples.push({
            server: contestant.key,
            quantity: "idleCpu",
            suite,
            devices: online,
            value: millis / seconds / 10,
            ...(process && { process })
          })
        add(total(used))
        for (const [process, millis] of used) add(millis, process)
      })
    // What the processes do without devices is in the figure with them too.
    yield* measure(0)
    options.step("handshakes")
    yield* load.connect({ count: devices, leave: true })
    yield* measure(devices)
    return samples
  })

/** Sleeping devices all wake at once: every one of them shakes hands. */
export const measureWakeUp = (contestant: Contestant, devices: number, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { load } = yield* startBoth(contestant, suite, options, devices)
    yield* load.connect({ count: Math.min(devices, warmUpSessions), leave: true })
    options.step("all wake up")
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
    if (contestant !== floor) options.step("start")
    const server = yield* contestant.start({ ...place, devices })
    const { productKey, psk } = place
    const spins = loadCore !== undefined
    const load = yield* loadProcess({ core: loadCore, port: server.port, suite, psk, productKey, underWay, spins })
    return { server, load }
  })

/** Until the server has done what it still had to do: less than a tenth of a core over a moment, or it has had its time. */
const quiet = ({ processes }: RunningServer): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let waited = 0; waited < quietMillisMax; waited += quietMillis) {
      const meter = new CpuMeter(processes)
      yield* Effect.sleep(quietMillis)
      if (total(meter.read()) < quietMillis / 10) return
    }
  })

const residentBytes = ({ processes }: RunningServer): number =>
  processes.reduce((sum, [, pid]) => sum + (processUse(pid)?.residentBytes ?? 0), 0)

const handshakeKinds = [
  [false, "handshakeRate", "handshakeCpu", "full handshakes"],
  [true, "resumptionRate", "resumptionCpu", "resumed handshakes"]
] as const
/** Several, since CPU times are good to 10 ms. */
const handshakeRounds = 3
const quietMillis = 300
const quietMillisMax = 6000
const afterHandshakesMillis = 500
const warmUpSessions = 1000
const settleMillis = 3000
const flatWarmUpSeconds = 2
const idleSettleMillis = 10_000
/** 1 % of a core is 30 of the accounting's ticks then. */
const idleSecondsMin = 30
