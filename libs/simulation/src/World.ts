import { partitionOf } from "@roost/contracts"
import { LeaseChecker } from "./leases/LeaseChecker.ts"
import { Schedule } from "./Schedule.ts"
import { ActorsProcess } from "./system/ActorsProcess.ts"
import { CommandQueue } from "./system/CommandQueue.ts"
import { Conditions } from "./system/Conditions.ts"
import { EdgeProcess } from "./system/EdgeProcess.ts"
import type { Victims } from "./system/Faults.ts"
import { Recording } from "./system/Recording.ts"
import { SimulatedBus } from "./system/SimulatedBus.ts"
import { simulatedCrypto } from "./system/SimulatedCrypto.ts"
import { type DeviceOptions, portsPerDevice, SimulatedDevice } from "./system/SimulatedDevice.ts"
import { SimulatedStore, type StoreCopy } from "./system/SimulatedStore.ts"
import {
  epochMillis,
  partitionsUsed,
  type PlantedFaults,
  productKey,
  type Surroundings
} from "./system/Surroundings.ts"
import { Trace } from "./system/Trace.ts"

const copyMillis = 1_000
const lookMillis = 1_000
/** An edge that starts hears of the nodes before devices come to it. */
const joinMillis = 1_000
/** Devices that shake hands while flows are hashed anew, of 1, and how long before and after at most. */
const restartShare = 1 / 3
const restartMillis = 150

/**
 * All of Roost in one thread and in simulated time. Real edges, device hosts, lease keepers and command machines run over a bus and a
 * store that fail as they are told. Devices speak the real protocol. One source of randomness determines everything.
 */
export class World implements Victims {
  readonly schedule = new Schedule()
  readonly conditions = new Conditions()
  readonly recording = new Recording()
  readonly devices: ReadonlyArray<SimulatedDevice>
  readonly checker = new LeaseChecker(partitionsUsed)
  readonly trace: Trace
  readonly store: SimulatedStore
  readonly random: () => number
  readonly edges: ReadonlyArray<string>
  readonly #around: Surroundings
  readonly #edges: ReadonlyArray<EdgeProcess>
  /** One that joins the others at times. */
  readonly #joining: EdgeProcess
  #joined = 0
  readonly #queues: ReadonlyArray<CommandQueue>
  readonly #nodes: Array<ActorsProcess> = []
  readonly #byPeer = new Map<number | string, SimulatedDevice>()
  readonly #copies: Array<StoreCopy> = []
  #started = 0

  constructor(options: {
    readonly random: () => number
    readonly nodes: number
    readonly edges: number
    readonly queues: number
    readonly devices: ReadonlyArray<Omit<DeviceOptions, "deviceKey" | "edges" | "port">>
    readonly planted: PlantedFaults
    readonly keepsLines: boolean
  }) {
    const { random } = options
    const { schedule } = this
    this.random = random
    this.trace = new Trace(options.keepsLines)
    this.store = new SimulatedStore(schedule, random, this.conditions)
    this.#around = {
      now: this.now,
      plan: this.plan,
      random,
      crypto: simulatedCrypto(random, (...record) => this.recording.sealed(this.now(), ...record)),
      bus: new SimulatedBus(schedule, random, this.conditions),
      store: this.store,
      conditions: this.conditions,
      recording: this.recording,
      trace: this.trace,
      planted: options.planted
    }
    this.edges = Array.from({ length: options.edges }, (_, i) => `edge${i + 1}`)
    const edge = (name: string) =>
      new EdgeProcess(this.#around, name, (peer, datagram) =>
        this.#carry(datagram, () => this.#byPeer.get(peer.key)?.receive(datagram))
      )
    this.#edges = this.edges.map(edge)
    for (const one of this.#edges) one.start()
    this.#joining = edge(`edge${this.edges.length + 1}`)
    this.#queues = Array.from({ length: options.queues }, (_, i) => new CommandQueue(this.#around, `queue${i + 1}`))
    this.store.commandEvents.onStored = ({ value }) =>
      this.plan(1 + 3 * random(), () => this.#queue().handleEvent(value))
    for (let i = 0; i < options.nodes; i++) this.startNode()
    this.devices = options.devices.map((device, i) => this.#device(device, i))
    const copy = () => {
      this.#copies.push(this.store.copy())
      this.plan(copyMillis, copy)
    }
    copy()
    const look = () => {
      this.#look()
      this.plan(lookMillis, look)
    }
    look()
  }

  readonly now = (): number => epochMillis + Math.floor(this.schedule.now)
  readonly plan = (delayMillis: number, run: () => void): void => this.schedule.plan(delayMillis, run)

  readonly nodes = (): ReadonlyArray<string> => this.#running().map(({ name }) => name)

  readonly startNode = (): void => {
    this.#nodes.push(new ActorsProcess(this.#around, `node${++this.#started}`))
  }

  readonly killNode = (name: string): void => this.#node(name)?.kill()
  readonly drainNode = (name: string): void => this.#node(name)?.lease.drain()
  readonly pauseNode = (name: string, paused: boolean): void => {
    const lease = this.#node(name)?.lease
    if (paused) lease?.pause()
    else lease?.resume()
    this.#look()
  }

  readonly killEdge = (name: string): void => this.#edges.find((edge) => edge.name === name)!.kill()
  readonly startEdge = (name: string): void => this.#edges.find((edge) => edge.name === name)!.start()

  readonly joinEdge = (): void => {
    if (this.#joined++ === 0) this.#joining.start()
    this.plan(joinMillis - restartMillis, () => this.#restartSome())
    this.plan(joinMillis, () => this.#hashFlows())
  }

  readonly leaveEdge = (): void => {
    if (--this.#joined > 0) return
    this.#restartSome()
    this.plan(restartMillis, () => {
      if (this.#joined === 0) this.#joining.leave(() => this.#hashFlows())
    })
  }

  readonly setBack = (millis: number): number => {
    const at = this.schedule.now - millis
    const copy = this.#copies.findLast((one) => one.at <= at) ?? this.#copies[0]!
    this.#copies.splice(this.#copies.indexOf(copy) + 1)
    this.store.setBack(copy)
    return epochMillis + Math.floor(copy.at)
  }

  readonly interruptWatches = (): void => {
    for (const node of this.#running()) node.interrupt()
    for (const queue of this.#queues) queue.interrupt()
  }

  /** An application has a command for a device. */
  issue(device: string, number: number): void {
    this.#queue().issue(device, number, (commandId) =>
      this.recording.commands.push({ commandId, device, at: this.now() })
    )
  }

  #running(): ReadonlyArray<ActorsProcess> {
    return this.#nodes.filter(({ lease }) => !lease.isOver && !lease.isLeaving)
  }

  #node(name: string): ActorsProcess | undefined {
    return this.#nodes.find((node) => node.name === name)
  }

  #queue(): CommandQueue {
    return this.#queues[Math.floor(this.random() * this.#queues.length)]!
  }

  #restartSome(): void {
    for (const device of this.devices) {
      if (this.random() < restartShare) this.plan(2 * restartMillis * this.random(), () => device.restart())
    }
  }

  /** The kernel gives every flow to any of the edges on the port. */
  #hashFlows(): void {
    const edges = this.#edges.length + (this.#joined > 0 ? 1 : 0)
    for (const device of this.devices) device.edge = Math.floor(this.random() * edges)
  }

  #look(): void {
    this.checker.look(
      this.now() - epochMillis,
      this.#nodes.map(({ lease }) => lease)
    )
  }

  #device(options: Omit<DeviceOptions, "deviceKey" | "edges" | "port">, number: number): SimulatedDevice {
    const port = 1_024 + number * portsPerDevice
    const known = { ...options, deviceKey: deviceKeyOf(number), edges: this.#edges.length, port }
    const device = new SimulatedDevice(this.#around, known, (from, datagram) => {
      // The network knows the newest port, and what comes to a former one is lost.
      const { peer } = from
      this.#byPeer.set(peer.key, from)
      // A flow is hashed where its datagrams arrive.
      this.#carry(datagram, () => (this.#edges[from.edge] ?? this.#joining).receive(peer, datagram))
    })
    return device
  }

  /** Between a device and an edge. */
  #carry(datagram: Uint8Array, arrive: () => void): void {
    const { doubled, lateMillis, loss } = this.conditions.datagrams
    const { random } = this
    this.trace.bytes(this.schedule.now, datagram)
    const delay = 5 + 40 * random() + (lateMillis > 0 ? lateMillis * random() ** 3 : 0)
    if (loss > 0 && random() < loss) return
    this.plan(delay, arrive)
    if (doubled > 0 && random() < doubled) this.plan(delay + 50 * random(), arrive)
  }
}

/** Names of devices in the partitions that are used. */
const deviceKeys: Array<string> = []
let tried = 0
const deviceKeyOf = (number: number): string => {
  while (deviceKeys.length <= number) {
    const name = `d${++tried}`
    if (partitionOf(productKey, name) < partitionsUsed) deviceKeys.push(name)
  }
  return deviceKeys[number]!
}
