import { Activity, type LoadDevice } from "./LoadDevice.ts"
import { Pacer } from "./Pacer.ts"
import { RateSchedule } from "./RateSchedule.ts"
import { ReadyLine } from "./ReadyLine.ts"
import type { Requests } from "./Requests.ts"
import { type LoadOptions, noLoad } from "./Verbs.ts"

/** Has the devices of a fleet post while it loads. An open loop posts when a request is due, a closed one as responses come. */
export class Pump {
  readonly #devices: ReadonlyArray<LoadDevice>
  readonly #requests: Requests
  readonly #random: () => number
  readonly #setTimer: (device: LoadDevice, deadline: number) => void
  readonly #line = new ReadyLine()
  #isOn = false
  #load: LoadOptions = noLoad
  #due = new RateSchedule(0, 0)
  #pacer: Pacer | undefined
  #willRun = false

  constructor(
    devices: ReadonlyArray<LoadDevice>,
    requests: Requests,
    random: () => number,
    setTimer: (device: LoadDevice, deadline: number) => void
  ) {
    this.#devices = devices
    this.#requests = requests
    this.#random = random
    this.#setTimer = setTimer
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Nobody has to call `run`: responses and the pacer do. */
  get goesByItself(): boolean {
    const { ratePerSecond, thinkMillis } = this.#load
    return ratePerSecond === 0 ? thinkMillis === 0 : ratePerSecond >= pacedPerSecondMin
  }

  start(now: number, load: LoadOptions): void {
    this.#load = load
    this.#due = new RateSchedule(now, load.ratePerSecond)
    this.#isOn = true
    if (load.spins && load.ratePerSecond > 0) this.#spin()
    else if (load.ratePerSecond >= pacedPerSecondMin) this.#pacer = new Pacer(now, load.ratePerSecond, this.#runNow)
    if (this.#isThinking) this.#spreadThinking(now)
  }

  stop(): void {
    this.#pacer?.stop()
    this.#pacer = undefined
    this.#isOn = false
  }

  /** The device is online, and may send. */
  add(device: LoadDevice): void {
    this.#line.add(device)
  }

  /** The device's request is over: it may send again, in a closed loop after it has thought. */
  requestDone(device: LoadDevice, now: number): void {
    if (!this.#isOn || !this.#isThinking) return this.add(device)
    device.activity = Activity.Thinking
    this.#setTimer(device, now + this.#load.thinkMillis * (0.5 + this.#random()))
  }

  /** Sends as much as the loop, open or closed, allows now. */
  run(now: number): void {
    const { ratePerSecond, requestsInFlight } = this.#load
    if (ratePerSecond > 0) {
      while (this.#due.isDue(now)) {
        const device = this.#line.next()
        // The schedule goes on: these requests will be sent late and count from when they were due.
        if (device === undefined) return
        this.#send(device, now, this.#due.take())
      }
      return
    }
    const inFlightMax = requestsInFlight === 0 ? this.#devices.length : requestsInFlight
    while (this.#requests.inFlight < inFlightMax) {
      const device = this.#line.next()
      if (device === undefined) return
      this.#send(device, now, now)
    }
  }

  /** Once for all datagrams of a turn of the event loop: requests leave as the responses came, together. */
  runSoon(): void {
    if (!this.#isOn || this.#willRun) return
    this.#willRun = true
    setImmediate(this.#runNow)
  }

  readonly #runNow = (): void => {
    this.#willRun = false
    if (this.#isOn) this.run(performance.now())
  }

  readonly #spin = (): void => {
    if (!this.#isOn || !this.#load.spins) return
    this.run(performance.now())
    setImmediate(this.#spin)
  }

  get #isThinking(): boolean {
    return this.#load.ratePerSecond === 0 && this.#load.thinkMillis > 0
  }

  /** So that they do not all begin at once. */
  #spreadThinking(now: number): void {
    for (const device of this.#devices) {
      if (device.activity !== Activity.Ready) continue
      device.activity = Activity.Thinking
      this.#setTimer(device, now + this.#random() * this.#load.thinkMillis)
    }
  }

  #send(device: LoadDevice, now: number, intendedAt: number): void {
    if (this.#requests.send(device, now, intendedAt)) return
    device.activity = Activity.Thinking
    this.#setTimer(device, now + stalledMillis)
  }
}

/** A device without message ids looks again. */
const stalledMillis = 1_000
/** Below this a millisecond of lateness is nothing to the time between two requests. */
const pacedPerSecondMin = 200
