import { Effect } from "effect"
import { CpuMeter, total } from "./CpuMeter.ts"
import type { Quantity, Sample } from "./Figures.ts"
import { loadGroup } from "./load/LoadGroup.ts"
import { processUse } from "./ProcessUse.ts"
import { type Measured, type RunOptions, startBoth } from "./RunOptions.ts"
import type { Contestant, RunningServer } from "./servers/Contestant.ts"

/**
 * Uplinks of a fleet that grows on one server, as many under way whatever its size: only the number of devices differs. Every
 * device has posted before.
 */
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
      const posted = yield* load.load(Math.max(contestant.warmUp.seconds, size / firstPostsPerSecond))
      if (posted < size) step(`only ${posted} of ${size} devices had posted before: the figure has first posts in it`)
      online = size
      for (let round = 0; round < rounds; round++) {
        const meter = new CpuMeter(server.processes)
        const answered = yield* load.load(seconds)
        const value = (total(meter.read()) * 1000) / answered
        // A collector of gigabytes may take all of a stretch: there is nothing to divide by.
        if (answered === 0) step(`nothing was answered in ${seconds} s: this stretch does not count`)
        else samples.push({ server: contestant.key, quantity: "flatCpu", suite, devices: size, value })
      }
    }
    return samples
  })

/** The cost of a session whose device shook hands and left. */
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
    const measure = (online: number, settleMillis: number) =>
      Effect.gen(function* () {
        options.step(`${settleMillis / 1000 + seconds} s of silence, ${online} devices`)
        yield* Effect.sleep(settleMillis)
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
    // The figure with devices includes the work that the processes do without them.
    yield* measure(0, startSettleMillis)
    options.step("handshakes")
    yield* load.connect({ count: devices, leave: true })
    yield* measure(devices, stormSettleMillis)
    return samples
  })

/** Sleeping devices all wake at once: every one of them shakes hands. */
export const measureWakeUp = (contestant: Contestant, devices: number, options: RunOptions): Measured =>
  Effect.gen(function* () {
    const suite = "CCM_8"
    const { load } = yield* startBoth(contestant, suite, options, devices)
    yield* load.connect({ count: Math.min(devices, warmUpSessions), leave: true })
    options.step("all wake up")
    // As in a storm: nobody waits for anybody, and what does not fit into a receive buffer is sent again.
    const { seconds } = yield* load.connect({ count: devices, leave: true, underWayMax: devices })
    return [{ server: contestant.key, quantity: "wakeUp", suite, devices, value: seconds }]
  })

const residentBytes = ({ processes }: RunningServer): number =>
  processes.reduce((sum, [, pid]) => sum + (processUse(pid)?.residentBytes ?? 0), 0)

const warmUpSessions = 1000
const settleMillis = 3000
/**
 * A device's first post is another one: its subject is new to the stream, its topic and its exchange to the actor. Every server
 * here answers twice as many.
 */
const firstPostsPerSecond = 5000
const startSettleMillis = 30_000
/**
 * Presence of the handshakes is still being written, and V8 collects what they left over. It does so twice in session-actors,
 * for 0.9 s of CPU each, the second time some 190 s later.
 */
const stormSettleMillis = 300_000
/** 1 % of a core is 60 of the accounting's ticks then. */
const idleSecondsMin = 60
