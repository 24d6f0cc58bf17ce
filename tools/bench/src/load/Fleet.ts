import type { ConnectResult } from "./GeneratorLines.ts"
import { type ConnectOutcome, LoadDevice, type LoadDeviceOptions } from "./LoadDevice.ts"

export type FleetOptions = Omit<LoadDeviceOptions, "index" | "onConnected" | "onAnswer">

export interface Loaded {
  readonly seconds: number
  readonly answered: number
  readonly retransmitted: number
  readonly lost: number
  /** Milliseconds from when the request was due until its answer, in ascending order. */
  readonly latencies: Float64Array
}

/** Of the process: device `first` is its first, so that several processes share the devices of a run. */
export interface FleetPlace {
  readonly first: number
  /** It has a core of its own, and may look at the clock all the time instead of sleeping whole milliseconds. */
  readonly spins: boolean
}

/** Devices in one process: they shake hands, and they post, closed loop or open. */
export class Fleet {
  readonly #devices: Array<LoadDevice> = []
  readonly #options: FleetOptions
  readonly #place: FleetPlace
  #onConnected: (device: LoadDevice, outcome: ConnectOutcome) => void = () => undefined
  #onAnswer: (device: LoadDevice) => void = () => undefined

  constructor(options: FleetOptions, place: FleetPlace) {
    this.#options = options
    this.#place = place
  }

  /**
   * Handshakes of the devices `first` to `first + count - 1`, `underWayMax` at a time. With `leave` each device closes
   * its socket after its handshake, as a device does that sleeps.
   */
  connect(options: {
    readonly first: number
    readonly count: number
    readonly resume: boolean
    readonly underWayMax: number
    readonly leave: boolean
  }): Promise<ConnectResult> {
    const { count, first, leave, resume, underWayMax } = options
    while (this.#devices.length < first + count) this.#devices.push(this.#make(this.#devices.length))
    const failures: Record<string, number> = {}
    const underWay = new Set<LoadDevice>()
    const startedAt = performance.now()
    let next = first
    let concluded = 0
    let established = 0
    let resumed = 0
    return new Promise((resolve) => {
      const startNext = () => {
        if (next >= first + count) return
        const device = this.#devices[next++]!
        underWay.add(device)
        device
          .connect(performance.now(), resume)
          .catch((error: Error) => this.#onConnected(device, { failure: error.message }))
      }
      const retransmissions = setInterval(() => {
        for (const device of underWay) device.handleTimeout(performance.now())
      }, retransmissionCheckMillis)
      this.#onConnected = (device, outcome) => {
        underWay.delete(device)
        const failure = typeof outcome === "string" ? undefined : outcome.failure
        if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1
        else established++
        if (outcome === "Resumed") resumed++
        if (leave || failure !== undefined) device.close()
        if (++concluded < count) return startNext()
        clearInterval(retransmissions)
        resolve({ seconds: (performance.now() - startedAt) / 1000, established, resumed, failures })
      }
      for (let i = 0; i < Math.min(underWayMax, count); i++) startNext()
    })
  }

  /**
   * Every device says goodbye. Without it a server keeps a session for each handshake, and one that searches them one by
   * one would be measured with many times the devices.
   */
  async leave(): Promise<void> {
    for (const [index, device] of this.#devices.entries()) {
      device.sayGoodbye()
      if (index % goodbyesPerTurn === goodbyesPerTurn - 1) await sleep(2)
    }
    await sleep(afterGoodbyeMillis)
  }

  /** Posts for `seconds`: with `ratePerSecond` that many whatever the server does, else `inFlight` at any time. */
  async load(options: {
    readonly seconds: number
    readonly inFlight: number
    readonly ratePerSecond?: number
  }): Promise<Loaded> {
    const { inFlight, ratePerSecond, seconds } = options
    const ready = this.#devices.filter((device) => device.isIdle)
    const latencies = new Latencies()
    const startedAt = performance.now()
    const endsAt = startedAt + seconds * 1000
    let retransmitted = 0
    let lost = 0
    let turn = 0
    const postNext = (dueAt: number) => {
      for (let tries = 0; tries < ready.length; tries++) {
        const device = ready[turn++ % ready.length]!
        if (!device.isIdle) continue
        device.post(performance.now(), dueAt)
        return
      }
    }
    this.#onAnswer = (device) => {
      const now = performance.now()
      if (now < endsAt) latencies.add(now - device.dueAt)
      device.dueAt = Number.NaN
      if (ratePerSecond === undefined && now < endsAt) postNext(now)
    }
    const retransmissions = setInterval(() => {
      const now = performance.now()
      for (const device of ready) {
        if (Number.isNaN(device.dueAt) || now - device.sentAt < ackTimeoutMillis << (device.transmissions - 1)) continue
        if (device.transmissions > retransmitMax) {
          lost++
          device.dueAt = Number.NaN
          if (ratePerSecond === undefined && now < endsAt) postNext(now)
        } else {
          retransmitted++
          device.transmit(now)
        }
      }
    }, retransmissionCheckMillis)
    if (ratePerSecond === undefined) {
      for (let i = 0; i < inFlight; i++) postNext(startedAt)
      await sleep(seconds * 1000)
    } else {
      await paced(startedAt, endsAt, ratePerSecond, this.#place.spins, postNext)
    }
    const answered = latencies.count
    const elapsed = (performance.now() - startedAt) / 1000
    // What is still under way must not be mistaken for the next run's.
    await sleep(drainMillis)
    clearInterval(retransmissions)
    return { seconds: elapsed, answered, retransmitted, lost, latencies: latencies.ascending() }
  }

  close(): void {
    for (const device of this.#devices) device.close()
  }

  #make(index: number): LoadDevice {
    return new LoadDevice({
      ...this.#options,
      index: this.#place.first + index,
      onConnected: (device, outcome) => this.#onConnected(device, outcome),
      onAnswer: (device) => this.#onAnswer(device)
    })
  }
}

/**
 * Grows by blocks: an array of a million numbers that moves to twice its size is a stall of milliseconds in the middle of what is
 * measured.
 */
class Latencies {
  readonly #full: Array<Float64Array> = []
  #block = new Float64Array(latenciesPerBlock)
  #used = 0

  get count(): number {
    return this.#full.length * latenciesPerBlock + this.#used
  }

  add(millis: number): void {
    if (this.#used === latenciesPerBlock) {
      this.#full.push(this.#block)
      this.#block = new Float64Array(latenciesPerBlock)
      this.#used = 0
    }
    this.#block[this.#used++] = millis
  }

  ascending(): Float64Array {
    const all = new Float64Array(this.count)
    for (const [i, block] of this.#full.entries()) all.set(block, i * latenciesPerBlock)
    all.set(this.#block.subarray(0, this.#used), this.#full.length * latenciesPerBlock)
    return all.sort()
  }
}

/**
 * Calls `post` for every request when it is due, late ones with the time when they were: a stall is not hidden. A timer knows whole
 * milliseconds only, so without `spins` requests leave in bursts.
 */
const paced = (
  from: number,
  until: number,
  perSecond: number,
  spins: boolean,
  post: (dueAt: number) => void
): Promise<void> =>
  new Promise((resolve) => {
    let sent = 0
    const turn = () => {
      const now = Math.min(performance.now(), until)
      for (let dueAt = from + (sent * 1000) / perSecond; dueAt <= now; dueAt = from + (++sent * 1000) / perSecond) {
        post(dueAt)
      }
      if (now >= until) resolve()
      else if (spins) setImmediate(turn)
      else setTimeout(turn, 1)
    }
    turn()
  })

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** RFC 7252 §4.8, without the random factor. */
const ackTimeoutMillis = 2000
const retransmitMax = 4
const retransmissionCheckMillis = 100
const drainMillis = 100
const latenciesPerBlock = 8192
/** Fits the receive buffer of a server that is busy for some milliseconds. */
const goodbyesPerTurn = 10
const afterGoodbyeMillis = 500
