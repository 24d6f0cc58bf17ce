import {
  FrameKind,
  FrameReader,
  FrameWriter,
  parsePeerAddress,
  PeerAddress,
  partitionCount,
  placeOf
} from "@roost/contracts"
import { CookieSecrets, FrontHalf, SessionIds } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import type { FlightRecorder } from "@roost/flight-recorder"
import type { Tracing } from "@roost/observability"
import { DeviceHost } from "../../src/host/DeviceHost.ts"
import type { HostEffect } from "../../src/host/HostEffect.ts"
import { defaultDeviceSessionConfig, type DeviceSessionConfig } from "../../src/state/DeviceSessionConfig.ts"
import type { PendingCommand } from "../../src/state/PendingCommands.ts"
import { Answers } from "./Answers.ts"
import { recorded } from "./RecordedCalls.ts"
import { SimulatedDevice, type SimulatedDeviceOptions } from "./SimulatedDevice.ts"
import { Store } from "./Store.ts"

/**
 * A device host with an edge that only knows two devices' worth of routing. Time stands still until it is told. `settle`
 * answers what the host asks.
 */
export class World extends Answers {
  /** By how much the hosts' wall clock is ahead of `now`, in milliseconds. */
  wallApart = 0
  random = () => 0.5
  /** The node that the edge knows; `takeOver` replaces it. */
  host: DeviceHost
  readonly #config: Partial<DeviceSessionConfig>
  #fencingToken = 1
  /** The commands that the bucket COMMANDS has for `dev1` when a node takes over. */
  commands: ReadonlyArray<PendingCommand> = []
  /** Connection ids that the edge was told the owner of, without an address. */
  routesById = 0
  /** Addresses that the edge was told of, though the record that came from there did not verify. */
  claims = 0
  /** How many datagrams to devices are lost, from the next protected one on. */
  loseSends = 0
  /** `frameStamp` of the frames from the edge; 0: it says none, as an older one. */
  stamp = 0
  /** Fields that stand in the place of a partition in the entries for devices. */
  readonly sendFields: Array<number> = []
  /** Routes that the edge was told to doubt. */
  doubts = 0
  /** The edge that there is; frames for any other are lost. */
  edgeId = "edge0001"
  /** Frames from the edge are lost while this is set, as those to a node that does not serve are. */
  loseFrames = false
  /** Whether another node is known that owns, or is about to own, what this one does not. */
  hasOtherNode = false
  readonly forwarded: Array<{
    readonly kind: FrameKind
    readonly partition: number
    readonly peer: PeerAddress
    readonly body: Uint8Array
  }> = []
  /** The work that the host had done for it while this is set: its effects by tag, and its crypto's calls by name and size. */
  work: Array<string> | undefined
  readonly routes: Array<{ peer: number | string; cid: number }> = []
  #front: FrontHalf
  readonly #pending: Array<() => void> = []
  readonly #devices = new Map<number | string, SimulatedDevice>()

  /** Of its hosts. */
  readonly #recorder: FlightRecorder | undefined
  readonly #tracing: Tracing | undefined
  /** Of the messages to the edge. */
  readonly frameHeaders: Array<string> = []

  constructor(
    config: Partial<DeviceSessionConfig> = {},
    store: Store = new Store(),
    recorder?: FlightRecorder,
    tracing?: Tracing
  ) {
    super(store)
    this.#config = config
    this.#tracing = tracing
    this.#recorder = recorder
    this.#front = newFront()
    this.host = this.#start()
    this.#load(this.host)
  }

  /**
   * The node is killed with whatever it had not sent yet, and another one takes all partitions over. Gives the old
   * one, which still believes that it owns them: a zombie.
   */
  takeOver(how: "killed" | "drained" = "killed", meanwhile: () => void = () => undefined): DeviceHost {
    const old = this.host
    if (how === "drained") {
      let left = partitionCount
      for (let partition = 0; partition < partitionCount; partition++) old.release(this.now, partition, () => left--)
      this.settle()
      if (left > 0) throw new Error(`${left} partitions were not released`)
    } else this.#pending.length = 0
    this.#fencingToken++
    this.host = this.#start()
    this.#load(this.host, meanwhile)
    this.settle()
    return old
  }

  /**
   * The node gives everything up. `during` happens before its last state is stored, and the forwarded frames arrive at the next owner
   * before that owns anything. It does `waitMillis` later.
   */
  handOver(during: () => void, waitMillis = 0): void {
    for (let partition = 0; partition < partitionCount; partition++) {
      this.host.release(this.now, partition, () => undefined)
    }
    during()
    this.settle()
    this.#fencingToken++
    this.host = this.#start()
    this.carryForwarded()
    this.now += waitMillis
    this.#load(this.host)
    this.settle()
  }

  /** The half that the last ClientKeyExchange made, or the last resumption, as an edge keeps it. */
  #lastHalf: { readonly kind: FrameKind; readonly peer: PeerAddress; readonly body: Uint8Array } | undefined

  /** The edge hands what a former owner had of this address to the one that it knows now. */
  repeatHalf(partition?: number): void {
    if (this.#lastHalf === undefined) return
    const { body, kind, peer } = this.#lastHalf
    this.#toHost(kind, peer, body, partition ?? this.#partitionOf(peer))
    this.settle()
  }

  /** Entries that were sent on arrive. */
  carryForwarded(): void {
    for (const { body, kind, partition, peer } of this.forwarded.splice(0)) this.#toHost(kind, peer, body, partition)
  }

  #start(): DeviceHost {
    const box: { host?: DeviceHost } = {}
    const host = new DeviceHost({
      config: { ...defaultDeviceSessionConfig, nodeId: "node0001", ...this.#config },
      carryOut: (effect) => {
        this.work?.push(effect._tag)
        return this.#carryOut(() => box.host!, effect)
      },
      ...(this.#recorder !== undefined && { recorder: this.#recorder }),
      ...(this.#tracing !== undefined && { tracing: this.#tracing }),
      crypto: recorded(dtlsCrypto, () => this.work),
      random: () => this.random(),
      now: this.now,
      wallOf: (now) => now + this.wallApart
    })
    box.host = host
    return host
  }

  #load(host: DeviceHost, meanwhile: () => void = () => undefined): void {
    const token = this.#fencingToken
    for (let partition = 0; partition < partitionCount; partition++) host.acquire(this.now, partition, token)
    meanwhile()
    for (const { record, revision } of this.store.entries.values()) host.restore(this.now, revision, record)
    for (const command of this.commands) host.handleCommand("pk1", "dev1", command)
    for (let partition = 0; partition < partitionCount; partition++) host.open(this.now, partition, token)
  }

  device(deviceKey: string, port: number, options: SimulatedDeviceOptions = {}) {
    const device = new SimulatedDevice(this, deviceKey, parsePeerAddress("192.0.2.1", port)!, options)
    this.enter(device)
    return device
  }

  /** A device that is not at the usual host. */
  deviceAt(deviceKey: string, peer: PeerAddress): SimulatedDevice {
    const device = new SimulatedDevice(this, deviceKey, peer, {})
    this.enter(device)
    return device
  }

  /** Datagrams to its address reach it from now on. */
  enter(device: SimulatedDevice): void {
    this.#devices.set(device.peer.key, device)
  }

  /** Its NAT gives it another port once it has the ServerHello. */
  moveBeforeFlight(device: SimulatedDevice, port: number): void {
    const transmit = device.transmit.bind(device)
    device.transmit = (datagram) => {
      if (device.sent.length === 2) this.move(device, port)
      transmit(datagram)
    }
  }

  move(device: SimulatedDevice, port: number): void {
    this.#devices.delete(device.peer.key)
    device.peer = parsePeerAddress("192.0.2.1", port)!
    this.#devices.set(device.peer.key, device)
  }

  /** Drops the devices, what was collected, and what the edge and the stream remember; the host stays as it is. */
  forget(): void {
    this.#devices.clear()
    this.#front = newFront()
    this.#lastHalf = undefined
    this.forgetIds()
    for (const list of [this.uplinks, this.presences, this.events, this.commandEvents, this.routes]) list.length = 0
  }

  /** Time passes, and what is due fires. */
  pass(millis: number): void {
    this.now += millis
    this.host.handleTimeout(this.now)
    this.settle()
  }

  /** A datagram from anywhere. */
  receive(peer: PeerAddress, datagram: Uint8Array): void {
    const name = { key: peer.key, address: peer.bytes }
    const first = datagram[0]!
    const outcome =
      first === 22 || first === 20 || (first === 25 && this.#front.hasConnectionId(datagram, 11))
        ? this.#front.handleDatagram(this.now, name, datagram)
        : ({ _tag: "Forward" } as const)
    switch (outcome._tag) {
      case "Reply":
        for (const reply of outcome.datagrams) this.#devices.get(peer.key)?.receive(reply)
        break
      case "HandOff": {
        const proved = outcome.movedFrom === undefined ? peer : new PeerAddress(outcome.movedFrom.key)
        this.#lastHalf = { kind: FrameKind.RepeatedHalfHandshake, peer: proved, body: outcome.half }
        if (proved === peer) this.#toHost(FrameKind.HalfHandshake, peer, outcome.half)
        else {
          this.#toHost(FrameKind.HalfHandshake, proved, outcome.half, this.#partitionOf(peer))
          this.#toHost(FrameKind.Datagram, peer, datagram)
        }
        break
      }
      case "Resume":
        this.#toHost(FrameKind.ResumeHello, peer, outcome.hello)
        break
      case "Forward":
        this.#toHost(FrameKind.Datagram, peer, datagram)
        break
    }
    this.settle()
  }

  settle(): void {
    this.host.flush(this.now)
    for (let work = this.#pending.shift(); work !== undefined; work = this.#pending.shift()) {
      work()
      this.host.flush(this.now)
    }
  }

  /** A datagram that the edge knows no owner of. */
  receiveUnrouted(peer: PeerAddress, datagram: Uint8Array): void {
    this.#toHost(FrameKind.Unrouted, peer, datagram, 0)
    this.settle()
  }

  #resumeMissed(peer: PeerAddress): void {
    const outcome = this.#front.resumeMissed(this.now, { key: peer.key, address: peer.bytes })
    if (outcome._tag !== "Reply") return
    for (const reply of outcome.datagrams) this.#devices.get(peer.key)?.receive(reply)
  }

  #toHost(kind: FrameKind, peer: PeerAddress, body: Uint8Array, partition = this.#partitionOf(peer)): void {
    const writer = new FrameWriter(this.edgeId)
    writer.add(kind, partition, peer, body)
    if (this.loseFrames) return
    this.host.handleFrame(this.now, writer.take(), this.stamp)
  }

  #partitionOf(peer: PeerAddress): number {
    return placeOf("pk1", this.#devices.get(peer.key)?.deviceKey ?? "").partition
  }

  /** Carries out an effect of the host; answers come when the world settles. */
  #carryOut(host: () => DeviceHost, effect: HostEffect): boolean {
    const later = (work: () => void) => void this.#pending.push(work)
    switch (effect._tag) {
      case "Frame": {
        if (effect.edgeId !== this.edgeId) return true
        const frame = effect.frame.slice()
        this.frameHeaders.push(effect.headers)
        later(() => this.#fromHost(frame))
        return true
      }
      case "Forward": {
        const { body, kind, partition, peer } = effect
        if (this.hasOtherNode) this.forwarded.push({ kind, partition, peer, body: body.slice() })
        return this.hasOtherNode
      }
      default:
        return this.answer(host, effect, later)
    }
  }

  #fromHost(frame: Uint8Array): void {
    const reader = new FrameReader(frame)
    while (reader.next()) {
      if (reader.kind === FrameKind.Send) this.sendFields.push(reader.partition)
      if (reader.kind === FrameKind.Send && this.loseSends > 0) this.loseSends--
      else if (reader.kind === FrameKind.Send) this.#devices.get(reader.peer.key)?.receive(reader.body.slice())
      if (reader.kind === FrameKind.ResumeTaken) {
        this.#front.resumeTaken(reader.peer.key)
        this.#lastHalf = { kind: FrameKind.RepeatedResumeHello, peer: reader.peer, body: reader.body.slice() }
      }
      if (reader.kind === FrameKind.ResumeUnknown) this.#resumeMissed(reader.peer)
      if (reader.kind === FrameKind.Claim) this.claims++
      if (reader.kind === FrameKind.RouteById) this.routesById++
      if (reader.kind === FrameKind.Doubt) this.doubts++
      if (reader.kind === FrameKind.Route) this.routes.push({ peer: reader.peer.key, cid: reader.body.length })
    }
  }
}

const newFront = (): FrontHalf => {
  const routingKey = new Uint8Array(32).fill(1)
  return new FrontHalf({
    crypto: dtlsCrypto,
    cookieSecrets: new CookieSecrets(routingKey),
    sessionIds: new SessionIds(routingKey)
  })
}
