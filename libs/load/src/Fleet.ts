import { TimerWheel } from "@roost/actors"
import { seededRandom } from "@roost/random"
import { AwaitedDevices } from "./AwaitedDevices.ts"
import type { DeviceBook } from "./DeviceBook.ts"
import { Disturbances } from "./Disturbances.ts"
import type { FleetSettings, WakeKind } from "./FleetSettings.ts"
import { Handshakes } from "./Handshakes.ts"
import { Links } from "./Links.ts"
import { Activity, LoadDevice } from "./LoadDevice.ts"
import { type Measured, Meter } from "./Meter.ts"
import { Pump } from "./Pump.ts"
import { Requests } from "./Requests.ts"
import { RequestWriter } from "./RequestWriter.ts"
import { StartSchedule } from "./StartSchedule.ts"
import { type ConnectOptions, type LoadOptions, noLoad, type WakeOptions } from "./Verbs.ts"

type Doing = "rest" | "connect" | "wake" | "load" | "drain"

/**
 * The devices of one process, and the verbs for them: `grow`, `connect`, `load`, `leave`; `wake` is a storm. A verb ends the one before
 * it. Single-threaded, without a promise on the way of a message.
 */
export class Fleet {
  readonly #settings: FleetSettings
  readonly #meter = new Meter()
  readonly #devices: Array<LoadDevice> = []
  readonly #writer: RequestWriter
  readonly #links: Links
  readonly #handshakes: Handshakes
  readonly #requests: Requests
  readonly #pump: Pump
  readonly #disturbances: Disturbances
  readonly #wheel = new TimerWheel<LoadDevice>(0)
  readonly #random: () => number
  #doing: Doing = "rest"
  #conclude: (() => void) | undefined
  /** Of `connect` and `wake`. */
  readonly #awaited = new AwaitedDevices()
  readonly #starts = new StartSchedule()
  #connect: ConnectOptions = {}
  #wakeKind: WakeKind = "uplink"
  #handshakesInFlightMax: number
  #timer: NodeJS.Timeout | undefined

  /** `onFatal`: the run makes no sense any more. */
  constructor(settings: FleetSettings, book: DeviceBook, onFatal: (message: string) => void) {
    this.#settings = settings
    this.#handshakesInFlightMax = settings.handshakesInFlight
    const random = seededRandom(settings.seed)
    this.#random = random
    const meter = this.#meter
    const setTimer = (device: LoadDevice, deadline: number) => this.#setTimer(device, deadline)
    this.#links = new Links(settings, this.#devices, random, {
      onDatagram: (device, datagram) => this.#receive(device, datagram),
      onError: () => void meter.errors.network++
    })
    this.#writer = new RequestWriter(settings, book)
    this.#requests = new Requests(settings, this.#writer, this.#links, meter, random, {
      onDone: (device, now) => this.#requestDone(device, now),
      onSessionLost: (device) => this.#sessionLost(device),
      setTimer
    })
    this.#handshakes = new Handshakes(settings, book, this.#links, meter, {
      onConnected: (device, now) => this.#connected(device, now),
      onFailed: (device, now) => this.#handshakeFailed(device, now),
      onData: (device, plaintext, now) => this.#requests.handleMessage(device, plaintext, now),
      setTimer,
      onFatal
    })
    this.#pump = new Pump(this.#devices, this.#requests, random, setTimer)
    this.#disturbances = new Disturbances(this.#devices, random)
    this.#tick()
  }

  get size(): number {
    return this.#devices.length
  }

  get online(): number {
    let online = 0
    for (const device of this.#devices) if (device.isOnline) online++
    return online
  }

  get inFlight(): number {
    return this.#requests.inFlight + this.#handshakes.inFlight
  }

  /** The measurements since the last call. */
  take(): Measured {
    const { counters } = this.#meter
    for (const path of [this.#links.sending, this.#links.receiving]) {
      const { lost, reordered } = path.take()
      counters.datagramsLostOnPurpose += lost
      counters.datagramsReorderedOnPurpose += reordered
    }
    return this.#meter.take()
  }

  /** The fleet has `devices` devices from now on, the new ones offline; it never shrinks. */
  grow(devices: number): void {
    this.#writer.grow(devices)
    while (this.#devices.length < devices) {
      this.#devices.push(new LoadDevice(this.#devices.length, this.#settings.confirmable, this.#random))
    }
  }

  /** Handshakes. Resolves to the number of devices that came online when each has succeeded or failed once. */
  async connect(options: ConnectOptions = {}): Promise<number> {
    const { count = this.#devices.length, first = 0, inFlightMax, overSeconds = 0 } = options
    this.#handshakesInFlightMax = inFlightMax ?? this.#settings.handshakesInFlight
    this.#connect = options
    await this.#start("connect", first, first + count, overSeconds)
    return this.#awaited.cameOnline
  }

  /** The devices wake up, as in a storm: no handshake waits for another. Resolves when each has had its response or has failed. */
  wake({ count, kind, overSeconds }: WakeOptions): Promise<void> {
    this.#handshakesInFlightMax = Infinity
    this.#wakeKind = kind
    return this.#start("wake", 0, Math.min(count, this.#devices.length), overSeconds)
  }

  /** Posts from now on, until another verb. */
  load(given: Partial<LoadOptions>): void {
    this.#end()
    const now = performance.now()
    const options = { ...noLoad, ...given }
    this.#doing = "load"
    this.#disturbances.start(now, options)
    this.#pump.start(now, options)
    this.#tick()
  }

  /** Posts no more. Resolves when what is on its way has got its verdict. */
  drain(): Promise<void> {
    return this.#begin("drain")
  }

  /** Devices stay online and answer, and begin nothing. */
  rest(): void {
    this.#end()
    this.#tick()
  }

  /**
   * Every device says goodbye and is offline; its session can still be resumed. Without it a server keeps a session for each
   * handshake. One that searches them one by one would be measured with many times the devices.
   */
  async leave(): Promise<void> {
    this.rest()
    let said = 0
    for (const device of this.#devices) {
      if (!device.isOnline) continue
      this.#requests.sayGoodbye(device, performance.now())
      this.#takeOffline(device)
      if (++said % goodbyesPerTurn === 0) await new Promise((resume) => setTimeout(resume, goodbyeTurnMillis))
    }
  }

  /** Closes every socket. The fleet must not be used after it. */
  close(): void {
    this.#end()
    clearTimeout(this.#timer)
    this.#links.close(this.#devices)
  }

  #start(doing: "connect" | "wake", from: number, until: number, overSeconds: number): Promise<void> {
    const done = this.#begin(doing)
    this.#starts.begin(performance.now(), from, until, overSeconds)
    this.#awaited.begin(this.#devices.slice(from, until))
    this.#tick()
    return done
  }

  #begin(doing: Doing): Promise<void> {
    this.#end()
    this.#doing = doing
    return new Promise((resolve) => (this.#conclude = resolve))
  }

  /** Ends what is being done; whoever waits for it goes on. */
  #end(): void {
    this.#pump.stop()
    this.#doing = "rest"
    this.#awaited.end(this.#devices)
    this.#starts.end()
    const conclude = this.#conclude
    this.#conclude = undefined
    conclude?.()
  }

  #endIfDone(): void {
    if (this.#conclude === undefined || this.#awaited.left > 0) return
    if (this.#doing === "drain" && this.#requests.inFlight > 0) return
    this.#end()
  }

  readonly #tick = (): void => {
    clearTimeout(this.#timer)
    const now = performance.now()
    this.#wheel.advance(now * wheelUnitsPerMillis, this.#fire)
    this.#links.release(now)
    this.#beginDue(now)
    this.#handshakes.pump(now, this.#handshakesInFlightMax)
    if (this.#pump.isOn) {
      this.#disturb(now)
      this.#pump.run(now)
    }
    this.#timer = setTimeout(this.#tick, this.#tickMillis)
    this.#endIfDone()
  }

  /** Closed loops and paced ones go by themselves: the tick is there for retransmissions then. */
  get #tickMillis(): number {
    if (this.#doing === "rest" && this.inFlight === 0) return restTickMillis
    const isLeftToItself = this.#pump.isOn && this.#pump.goesByItself && this.#settings.reorder === 0
    return isLeftToItself ? coarseTickMillis : 1
  }

  /** Those of `connect` and `wake` whose time has come. */
  #beginDue(now: number): void {
    for (let start = this.#starts.take(now); start !== undefined; start = this.#starts.take(now)) {
      const device = this.#devices[start.index]!
      if (this.#doing === "wake") this.#wake(device, now, start.due)
      else this.#reconnect(device, this.#connect.resume === true)
    }
  }

  #wake(device: LoadDevice, now: number, due: number): void {
    device.wokenAt = due
    this.#requests.abandon(device)
    if (this.#wakeKind === "uplink" && device.isOnline) {
      if (!this.#requests.send(device, now, due)) this.#settle(device)
    } else this.#handshakes.request(device, this.#wakeKind === "resume")
  }

  #reconnect(device: LoadDevice, resume = this.#settings.reconnectKind === "resume"): void {
    this.#requests.abandon(device)
    this.#handshakes.request(device, resume)
  }

  #disturb(now: number): void {
    this.#disturbances.take(
      now,
      (device) => this.#reconnect(device),
      (device) => {
        this.#meter.counters.rebindings++
        this.#links.rebind(device)
      }
    )
  }

  #receive(device: LoadDevice, datagram: Uint8Array): void {
    const now = performance.now()
    if (device.client !== undefined) this.#handshakes.handleDatagram(device, datagram, now)
    else this.#requests.handleDatagram(device, datagram, now)
    this.#pump.runSoon()
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
        this.#pump.add(device)
        break
      default:
        break
    }
  }

  #connected(device: LoadDevice, now: number): void {
    this.#awaited.connected(device)
    if (device.wokenAt >= 0) {
      if (!this.#requests.send(device, now, device.wokenAt)) this.#settle(device)
      return
    }
    if (device.isAwaited && this.#connect.thenLeave === true) {
      this.#takeOffline(device)
      this.#links.leave(device)
    } else this.#pump.add(device)
    this.#settle(device)
    this.#handshakes.pump(now, this.#handshakesInFlightMax)
  }

  #takeOffline(device: LoadDevice): void {
    this.#requests.abandon(device)
    this.#handshakes.keepForResumption(device)
    this.#wheel.cancel(device)
  }

  #handshakeFailed(device: LoadDevice, now: number): void {
    this.#settle(device)
    this.#setTimer(device, now + Math.min(retryMillisMax, retryMillis * 2 ** device.failures))
    this.#handshakes.pump(now, this.#handshakesInFlightMax)
  }

  #requestDone(device: LoadDevice, now: number): void {
    this.#settle(device)
    this.#pump.requestDone(device, now)
  }

  #sessionLost(device: LoadDevice): void {
    this.#settle(device)
    this.#handshakes.request(device, this.#settings.reconnectKind === "resume")
  }

  #settle(device: LoadDevice): void {
    if (this.#awaited.settle(device)) this.#endIfDone()
  }

  #setTimer(device: LoadDevice, deadline: number): void {
    this.#wheel.set(device, deadline * wheelUnitsPerMillis)
  }
}

/** The wheel's tick is 100 of its units, whatever they are: as hundredths of a millisecond they make it one millisecond. */
const wheelUnitsPerMillis = 100
const restTickMillis = 20
const coarseTickMillis = 5
const retryMillis = 1_000
const retryMillisMax = 60_000
/** Fits the receive buffer of a server that is busy for some milliseconds. */
const goodbyesPerTurn = 10
const goodbyeTurnMillis = 2
