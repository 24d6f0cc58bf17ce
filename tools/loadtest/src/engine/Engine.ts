import { TimerWheel } from "@roost/actors"
import type { DeviceBook } from "../DeviceBook.ts"
import type { LoadConfig } from "../LoadConfig.ts"
import type { PhaseName } from "../Report.ts"
import { Disturbances } from "./Disturbances.ts"
import { seededRandom } from "./FaultyPath.ts"
import { Handshakes } from "./Handshakes.ts"
import { Links } from "./Links.ts"
import { Activity, LoadDevice } from "./LoadDevice.ts"
import { Meter } from "./Meter.ts"
import { Pacer } from "./Pacer.ts"
import { RateSchedule } from "./RateSchedule.ts"
import { ReadyQueue } from "./ReadyQueue.ts"
import { Requests } from "./Requests.ts"
import { RequestWriter } from "./RequestWriter.ts"

export interface EngineEvents {
  /** The phase has done what it is for: `connect`, `reconnect`, `storm`, `drain`; the others last as long as they are left to. */
  readonly onPhaseDone: (phase: PhaseName) => void
  readonly onFatal: (message: string) => void
}

/** The devices of one process and all that they do. Single-threaded, without a promise on the way of a message. */
export class Engine {
  readonly meter = new Meter()
  readonly #config: LoadConfig
  readonly #events: EngineEvents
  readonly #devices: ReadonlyArray<LoadDevice>
  readonly #links: Links
  readonly #handshakes: Handshakes
  readonly #requests: Requests
  readonly #disturbances: Disturbances
  readonly #wheel = new TimerWheel<LoadDevice>(0)
  readonly #line: ReadyQueue<LoadDevice>
  readonly #random: () => number
  #phase: PhaseName = "idle"
  #isPhaseOver = true
  /** Devices that the phase still waits for. */
  #awaited = 0
  /** Handshakes (`connect`) or wake-ups (`storm`) to begin. */
  #starts = new RateSchedule(0, 0)
  #startsLeft = 0
  /** Open loop. */
  #due = new RateSchedule(0, 0)
  #pacer: Pacer | undefined
  #willPump = false
  #timer: NodeJS.Timeout | undefined

  constructor(config: LoadConfig, book: DeviceBook, events: EngineEvents) {
    this.#config = config
    this.#events = events
    const random = seededRandom(config.seed)
    this.#random = random
    this.#devices = Array.from({ length: config.devices }, (_, i) => new LoadDevice(i, config.confirmable, random))
    this.#line = new ReadyQueue(config.devices)
    const { meter } = this
    const setTimer = (device: LoadDevice, deadline: number) => this.#setTimer(device, deadline)
    this.#links = new Links(config, this.#devices, random, {
      onDatagram: (device, datagram) => this.#receive(device, datagram),
      onError: () => void meter.errors.network++
    })
    this.#requests = new Requests(config, new RequestWriter(config, book), this.#links, meter, random, {
      onDone: (device, now) => this.#requestDone(device, now),
      onSessionLost: (device, now) => this.#sessionLost(device, now),
      setTimer
    })
    this.#handshakes = new Handshakes(config, book, this.#links, meter, {
      onConnected: (device, now) => this.#connected(device, now),
      onFailed: (device, now) => this.#handshakeFailed(device, now),
      onData: (device, plaintext, now) => this.#requests.handleMessage(device, plaintext, now),
      setTimer,
      onFatal: events.onFatal
    })
    this.#disturbances = new Disturbances(config, this.#devices, random)
  }

  get online(): number {
    let online = 0
    for (const device of this.#devices) if (device.isOnline) online++
    return online
  }

  get inFlight(): number {
    return this.#requests.inFlight + this.#handshakes.inFlight
  }

  /** Datagrams that the faults took since the last call. */
  takeFaults(): { readonly lost: number; readonly reordered: number } {
    const { receiving, sending } = this.#links
    const taken = { lost: sending.lost + receiving.lost, reordered: sending.reordered + receiving.reordered }
    for (const path of [sending, receiving]) {
      path.lost = 0
      path.reordered = 0
    }
    return taken
  }

  enter(phase: PhaseName): void {
    const now = performance.now()
    const isLoadGoingOn = this.#isLoad && isLoadPhase(phase)
    this.#phase = phase
    this.#isPhaseOver = false
    this.#awaited = 0
    this.#startsLeft = 0
    if (!isLoadGoingOn) this.#pacer?.stop()
    const { devices, rampSeconds, ratePerSecond, stormDevices, stormSeconds } = this.#config
    if (phase === "connect") this.#await(devices, rampSeconds, now)
    else if (phase === "storm") this.#await(Math.min(stormDevices, devices), stormSeconds, now)
    else if (phase === "reconnect") this.#reconnectAll()
    else if (isLoadPhase(phase) && !isLoadGoingOn) {
      this.#due = new RateSchedule(now, ratePerSecond)
      if (ratePerSecond >= pacedPerSecondMin) this.#pacer = new Pacer(now, ratePerSecond, this.#pumpDue)
      this.#disturbances.start(now)
      if (this.#isThinking) this.#spreadThinking(now)
    }
    this.#tick()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#pacer?.stop()
    this.#phase = "idle"
    this.#links.close(this.#devices)
  }

  get #isLoad(): boolean {
    return isLoadPhase(this.#phase)
  }

  get #isThinking(): boolean {
    return this.#config.ratePerSecond === 0 && this.#config.thinkMillis > 0
  }

  #await(devices: number, seconds: number, now: number): void {
    this.#awaited = devices
    this.#startsLeft = devices
    // Over no time at all they are all due at once.
    this.#starts = new RateSchedule(now, seconds > 0 ? devices / seconds : 1e12)
    for (let i = 0; i < devices; i++) this.#devices[i]!.isAwaited = true
  }

  #reconnectAll(): void {
    this.#awaited = this.#devices.length
    for (const device of this.#devices) {
      device.isAwaited = true
      this.#requests.abandon(device)
      this.#handshakes.request(device, this.#config.reconnectKind === "resume")
    }
  }

  /** So that they do not all begin at once. */
  #spreadThinking(now: number): void {
    for (const device of this.#devices) {
      if (device.activity !== Activity.Ready) continue
      device.activity = Activity.Thinking
      this.#setTimer(device, now + this.#random() * this.#config.thinkMillis)
    }
  }

  readonly #tick = (): void => {
    clearTimeout(this.#timer)
    const now = performance.now()
    this.#wheel.advance(now * wheelUnitsPerMillis, this.#fire)
    this.#links.release(now)
    this.#begin(now)
    // A storm waits for nobody.
    if (this.#phase === "storm") this.#handshakes.pump(now, Infinity)
    else this.#handshakes.pump(now)
    if (this.#isLoad) {
      this.#disturb(now)
      this.#pump(now)
    }
    this.#timer = setTimeout(this.#tick, this.#tickMillis)
    this.#endPhase()
  }

  /** Closed loops and paced ones go by themselves: the tick is there for retransmissions then. */
  get #tickMillis(): number {
    const { ratePerSecond, reorder, thinkMillis } = this.#config
    if (this.#phase === "idle") return idleTickMillis
    const isPaced = ratePerSecond === 0 ? thinkMillis === 0 : ratePerSecond >= pacedPerSecondMin
    return this.#isLoad && isPaced && reorder === 0 ? coarseTickMillis : 1
  }

  /** Those of `connect` and `storm` whose time has come. */
  #begin(now: number): void {
    while (this.#startsLeft > 0 && this.#starts.isDue(now)) {
      const due = this.#starts.take()
      const device = this.#devices[this.#awaitedDevices - this.#startsLeft--]!
      if (this.#phase === "connect") this.#handshakes.request(device, false)
      else this.#wake(device, now, due)
    }
  }

  get #awaitedDevices(): number {
    const { devices, stormDevices } = this.#config
    return this.#phase === "storm" ? Math.min(stormDevices, devices) : devices
  }

  #wake(device: LoadDevice, now: number, due: number): void {
    const { stormKind } = this.#config
    device.wokenAt = due
    this.#requests.abandon(device)
    if (stormKind === "uplink" && device.isOnline) {
      if (!this.#requests.send(device, now, due)) this.#settle(device)
    } else this.#handshakes.request(device, stormKind === "resume")
  }

  readonly #pumpDue = (): void => {
    this.#willPump = false
    if (this.#isLoad) this.#pump(performance.now())
  }

  /** Sends as much as the loop, open or closed, allows now. */
  #pump(now: number): void {
    const { devices, ratePerSecond, requestsInFlight } = this.#config
    if (ratePerSecond > 0) {
      while (this.#due.isDue(now)) {
        const device = this.#nextReady()
        // The schedule goes on: these requests will be sent late and count from when they were due.
        if (device === undefined) return
        this.#send(device, now, this.#due.take())
      }
      return
    }
    const inFlightMax = requestsInFlight === 0 ? devices : requestsInFlight
    while (this.#requests.inFlight < inFlightMax) {
      const device = this.#nextReady()
      if (device === undefined) return
      this.#send(device, now, now)
    }
  }

  #send(device: LoadDevice, now: number, intendedAt: number): void {
    if (this.#requests.send(device, now, intendedAt)) return
    device.activity = Activity.Thinking
    this.#setTimer(device, now + stalledMillis)
  }

  #nextReady(): LoadDevice | undefined {
    for (let device = this.#line.shift(); device !== undefined; device = this.#line.shift()) {
      device.isInLine = false
      if (device.activity === Activity.Ready) return device
    }
    return undefined
  }

  #disturb(now: number): void {
    this.#disturbances.take(
      now,
      (device) => {
        this.#requests.abandon(device)
        this.#handshakes.request(device, this.#config.reconnectKind === "resume")
      },
      (device) => {
        this.meter.counters.rebindings++
        this.#links.rebind(device)
      }
    )
  }

  #receive(device: LoadDevice, datagram: Uint8Array): void {
    const now = performance.now()
    if (device.client !== undefined) this.#handshakes.handleDatagram(device, datagram, now)
    else this.#requests.handleDatagram(device, datagram, now)
    this.#pumpSoon()
  }

  /** Once for all datagrams of a turn of the event loop: requests leave as the responses came, together. */
  #pumpSoon(): void {
    if (!this.#isLoad || this.#willPump) return
    this.#willPump = true
    setImmediate(this.#pumpDue)
  }

  readonly #fire = (device: LoadDevice): void => {
    const now = performance.now()
    switch (device.activity) {
      case Activity.Handshaking:
        this.#handshakes.handleTimeout(device, now)
        break
      case Activity.Waiting:
        this.#requests.handleTimeout(device, now)
        break
      case Activity.Offline:
        this.#handshakes.request(device, false)
        break
      case Activity.Thinking:
        device.activity = Activity.Ready
        this.#getInLine(device)
        break
      default:
        break
    }
  }

  #connected(device: LoadDevice, now: number): void {
    if (device.wokenAt >= 0) {
      if (!this.#requests.send(device, now, device.wokenAt)) this.#settle(device)
      return
    }
    this.#settle(device)
    this.#getInLine(device)
    this.#handshakes.pump(now)
  }

  #handshakeFailed(device: LoadDevice, now: number): void {
    this.#settle(device)
    this.#setTimer(device, now + Math.min(retryMillisMax, retryMillis * 2 ** device.failures))
    this.#handshakes.pump(now)
  }

  #requestDone(device: LoadDevice, now: number): void {
    this.#settle(device)
    if (this.#isThinking && this.#isLoad) {
      device.activity = Activity.Thinking
      this.#setTimer(device, now + this.#config.thinkMillis * (0.5 + this.#random()))
    } else this.#getInLine(device)
  }

  #sessionLost(device: LoadDevice, _now: number): void {
    this.#settle(device)
    this.#handshakes.request(device, this.#config.reconnectKind === "resume")
  }

  #getInLine(device: LoadDevice): void {
    if (device.isInLine) return
    device.isInLine = true
    this.#line.push(device)
  }

  #settle(device: LoadDevice): void {
    device.wokenAt = -1
    if (!device.isAwaited) return
    device.isAwaited = false
    this.#awaited--
  }

  #endPhase(): void {
    if (this.#isPhaseOver || this.#isLoad || this.#phase === "idle") return
    if (this.#awaited > 0 || (this.#phase === "drain" && this.#requests.inFlight > 0)) return
    this.#isPhaseOver = true
    this.#events.onPhaseDone(this.#phase)
  }

  #setTimer(device: LoadDevice, deadline: number): void {
    this.#wheel.set(device, deadline * wheelUnitsPerMillis)
  }
}

const isLoadPhase = (phase: PhaseName): boolean => phase === "warmup" || phase === "steady"

/** The wheel's tick is 100 of its units, whatever they are: as hundredths of a millisecond they make it one millisecond. */
const wheelUnitsPerMillis = 100
const idleTickMillis = 20
const coarseTickMillis = 5
/** A device without message ids looks again. */
const stalledMillis = 1_000
const retryMillis = 1_000
/** Below this a millisecond of lateness is nothing to the time between two requests. */
const pacedPerSecondMin = 200
const retryMillisMax = 60_000
