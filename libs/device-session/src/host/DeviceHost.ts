import type { CredentialChange, DeviceAnswer } from "@roost/contracts"
import type { Conversion } from "@roost/raw-script"
import * as Result from "effect/Result"
import type { Device } from "../device/Device.ts"
import type { DeviceInput } from "../device/DeviceInput.ts"
import { HandOffs } from "../handshakes/HandOffs.ts"
import { Handshakes } from "../handshakes/Handshakes.ts"
import type { WaitingRequest } from "../requests/WaitingRequests.ts"
import type { Counters, Gauge } from "../state/Counters.ts"
import { deviceAnswerOf } from "../state/DeviceState.ts"
import type {
  ActivationOutcome,
  PropertiesOutcome,
  PskOutcome,
  ReadOutcome,
  RecallOutcome,
  SaveOutcome
} from "../state/Outcomes.ts"
import type { PendingCommand } from "../state/PendingCommands.ts"
import type { ProductProfiles } from "../state/ProductProfiles.ts"
import { decodeStoredSession } from "../state/StoredSession.ts"
import { Devices } from "./Devices.ts"
import { EdgeFrames } from "./EdgeFrames.ts"
import { EdgeLinks } from "./EdgeLinks.ts"
import { Events } from "./Events.ts"
import { HandshakeRefusals } from "./HandshakeRefusals.ts"
import { HandshakeServer } from "./HandshakeServer.ts"
import type { CarryOut } from "./HostEffect.ts"
import { type HostOptions, HostTurn } from "./HostTurn.ts"
import { PartitionHandover } from "./PartitionHandover.ts"
import { Transmissions } from "./Transmissions.ts"

/**
 * All devices of one session-actors process. Plain and synchronous: it is told what arrived and what time it is, and says what
 * it wants by `carryOut`; nothing in it waits. One thread and no interleaving make each device the single writer of its state.
 *
 *   frame ─► EdgeFrames ─► Devices ─► Device.handle ─► DeviceEffects ─► Devices.carryOut ─┬─► carryOut: store, registry, scripts
 *                                        ▲                                                │
 *   answer ─► handle* ───────────────────┘           frame ◄─ EdgeLinks ◄─ Transmissions ◄┘
 *
 * `now` is in milliseconds and never runs backwards or steps: intervals are measured by it, and `carryOut` gets its moments.
 * Times that are stored for other hosts go through `wallOf`. After each batch of calls `flush` sends what was collected for the edges.
 */
export class DeviceHost {
  /** The profiles by which the devices' messages are judged. */
  readonly profiles: ProductProfiles
  readonly counters: Counters
  readonly #turn: HostTurn
  readonly #edges: EdgeLinks
  readonly #events: Events
  readonly #devices: Devices
  readonly #handshakes: HandshakeServer
  readonly #handOffs: HandOffs
  readonly #handover: PartitionHandover
  readonly #frames: EdgeFrames
  #sweptAt = 0

  constructor(options: HostOptions & { readonly carryOut: CarryOut }) {
    const { carryOut, config, now } = options
    const turn = new HostTurn(options)
    const { counters } = turn
    const edges = new EdgeLinks(config.nodeId, carryOut, turn)
    const events = new Events({ carryOut, counters, nodeId: config.nodeId, now, recorder: turn.recorder })
    const refusals = new HandshakeRefusals(events)
    const transmissions = new Transmissions(turn, edges)
    const handshakes = new Handshakes(config.handshakesMax, config.handshakeMillisMax)
    const devices = new Devices({ turn, carryOut, events, refusals, transmissions, handshakes })
    const handover = new PartitionHandover({ turn, carryOut, devices, handshakes })
    this.counters = counters
    this.profiles = turn.profiles
    this.#turn = turn
    this.#edges = edges
    this.#events = events
    this.#devices = devices
    this.#handover = handover
    this.#handOffs = new HandOffs(now, config.handOffs)
    this.#handshakes = new HandshakeServer({ turn, carryOut, edges, transmissions, refusals, handshakes, devices })
    this.#frames = new EdgeFrames({
      turn,
      edges,
      transmissions,
      devices,
      handover,
      handOffs: this.#handOffs,
      refusals,
      handshakes: this.#handshakes
    })
  }

  get gauges(): Readonly<Record<Gauge, number>> {
    const { commands, online, partitions, saves, timers } = this.#devices
    return {
      devices: partitions.actors,
      online,
      partitions: partitions.size,
      loading: partitions.loading,
      saving: saves.inFlight,
      handshakes: this.#handshakes.size,
      commands: commands.size,
      timers,
      inFlight: this.#turn.waiting.size
    }
  }

  /** Handshakes that wait for their turn, and bytes of datagrams that wait for their partition. */
  get waiting(): { readonly handshakes: number; readonly bytes: number } {
    return { handshakes: this.#handOffs.size, bytes: this.#devices.partitions.heldBytes }
  }

  /** A frame from an edge (docs/architecture.md §2). `stamp`: `frameStamp`, or 0. */
  handleFrame(now: number, bytes: Uint8Array, stamp = 0): void {
    const { waiting } = this.#turn
    this.#turn.now = now
    waiting.heardAt = stamp
    this.#frames.handleFrame(bytes)
    waiting.heardAt = 0
    this.#turn.traces.answering = undefined
    this.#goOn()
  }

  handlePsk(now: number, token: number, outcome: PskOutcome): void {
    this.#turn.now = now
    this.#handshakes.handlePsk(token, outcome)
    this.#goOn()
  }

  handleActivation(now: number, token: number, outcome: ActivationOutcome): void {
    const waiting = this.#turn.waiting.take(token)
    if (waiting !== undefined) this.#answered(now, waiting, { _tag: "Activated", waiting, token, outcome })
  }

  handleConverted(now: number, token: number, conversion: Conversion): void {
    const waiting = this.#turn.waiting.take(token)
    if (waiting !== undefined) this.#answered(now, waiting, { _tag: "Converted", waiting, conversion })
  }

  handleProperties(now: number, token: number, outcome: PropertiesOutcome): void {
    const waiting = this.#turn.waiting.take(token)
    if (waiting !== undefined) this.#answered(now, waiting, { _tag: "Properties", waiting, outcome })
  }

  /** The store acknowledged what was given to it under `token`, or could not take it. */
  handleStored(now: number, token: number, stored: boolean): void {
    const waiting = this.#turn.waiting.take(token)
    if (waiting !== undefined) this.#answered(now, waiting, { _tag: "Stored", waiting, stored })
  }

  /** The outcome of a write to the bucket SESSIONS. */
  handleSaved(now: number, token: number, outcome: SaveOutcome): void {
    const device = this.#devices.saves.answered(token)
    if (device !== undefined) this.#hears(now, device, { _tag: "Saved", outcome })
  }

  handleRead(now: number, token: number, outcome: ReadOutcome): void {
    const device = this.#devices.saves.answered(token)
    if (device === undefined) return
    const fencingToken = this.#devices.partitions.get(device.partition)?.fencingToken
    this.#hears(now, device, { _tag: "Read", outcome, fencingToken })
  }

  handleRecalled(now: number, token: number, outcome: RecallOutcome): void {
    const device = this.#devices.recalled(token)
    if (device !== undefined) this.#hears(now, device, { _tag: "Recalled", token, outcome })
  }

  /**
   * The partition is this node's from now on; `restore` gives its sessions one by one, and `open` says that all are
   * here. Entries that come for it meanwhile wait. `fencingToken` is larger than that of every former owner.
   */
  acquire(now: number, partition: number, fencingToken: number): void {
    this.#turn.now = now
    this.#handover.acquire(partition, fencingToken)
  }

  /** An entry of the bucket SESSIONS, opened; undefined if this cluster's key does not open it. */
  restore(now: number, revision: number, record: Uint8Array | undefined): void {
    const decoded = record === undefined ? undefined : decodeStoredSession(record, this.#turn.wallOf(now))
    if (decoded === undefined || Result.isFailure(decoded)) {
      this.counters.sessionsUnreadable++
      return
    }
    const stored = decoded.success
    const device = this.#devices.findOrMake(stored.productKey, stored.deviceKey)
    if (device === undefined) return
    this.#hears(now, device, { _tag: "Restored", stored, revision, edge: this.#edges.link(stored.edgeId, now) })
  }

  /** All sessions and commands of the partition are here. */
  open(now: number, partition: number, fencingToken: number): void {
    this.#turn.now = now
    this.#handover.open(partition, fencingToken)
    this.#goOn()
  }

  /** Another node is to have the partition: its last state is stored, then it is forgotten, then `done` is called. */
  release(now: number, partition: number, done: () => void): void {
    this.#turn.now = now
    this.#handover.release(partition, done)
    this.#goOn()
  }

  /** The lease is lost: nothing more is sent for the partition and nothing is stored. */
  abandon(partition: number): void {
    this.#handover.abandon(partition)
  }

  /** An entry of the bucket COMMANDS that is not finished. */
  handleCommand(productKey: string, deviceKey: string, command: PendingCommand): void {
    const device = this.#devices.findOrMake(productKey, deviceKey)
    if (device !== undefined) this.#hears(this.#turn.now, device, { _tag: "Command", command })
  }

  /** The command is finished: the bucket has its entry no more. */
  handleCommandGone(commandId: string): void {
    const device = this.#devices.commands.take(commandId)
    if (device !== undefined) this.#hears(this.#turn.now, device, { _tag: "CommandGone", commandId })
  }

  /** The wall clock was set forward by so many milliseconds, or back: commands expire by it, and by nothing else here. */
  handleClockStep(millis: number): void {
    for (const device of this.#devices.commands.devices) this.#devices.run(device, { _tag: "ClockStep", millis })
  }

  /**
   * The device's secret changed, or it was disabled, enabled or deleted. A session from before may do nothing more; it
   * learns so by 4.01 and goes when it falls silent.
   */
  handleCredential(now: number, change: CredentialChange): void {
    const { credentialVersion: version, deviceKey, productKey } = change
    this.#turn.now = now
    this.#handshakes.noteCredential(productKey, deviceKey, version)
    const device = this.#devices.find(productKey, deviceKey)
    if (device !== undefined) this.#hears(now, device, { _tag: "CredentialChanged", version })
  }

  /** False: changes of credentials are not heard until further notice, so the registry is asked for every key. */
  noteCredentialsHeard(heard: boolean): void {
    this.#handshakes.noteCredentialsHeard(heard)
  }

  /**
   * The node serves again after it could not for a while: it was paused, or NATS was away. Messages of devices from
   * meanwhile are lost, so their Lifetimes begin anew, as after a takeover.
   */
  resume(now: number): void {
    this.#turn.deafUntil = now
  }

  /** Fires what is due. Call it about every `tickMillis` of the timer wheel. */
  handleTimeout(now: number): void {
    this.#turn.now = now
    this.#devices.advance()
    this.#devices.flushTick()
    this.#devices.flush()
    this.#handover.leave()
    this.#goOn()
    if (now - this.#sweptAt < sweepMillis) return
    this.#sweptAt = now
    this.#handshakes.expire()
    this.#devices.partitions.expire(now)
    this.#edges.sweep(now)
  }

  /** For how long `handleTimeout` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    this.#turn.now = now
    if (this.#devices.saves.waits || this.#handover.leaves || this.#handOffs.size > 0) return 0
    const untilSweep = this.#handshakes.size === 0 ? most : Math.max(0, this.#sweptAt + sweepMillis - now)
    return Math.min(this.#devices.quietMillis(most), untilSweep, this.#events.quietMillis(now, most))
  }

  /** This node's answer about a device (docs/architecture.md §4). */
  ask(productKey: string, deviceKey: string): DeviceAnswer {
    const device = this.#devices.find(productKey, deviceKey)
    return device?.bound === undefined ? { _tag: "Unknown" } : deviceAnswerOf(device, device.bound)
  }

  /**
   * Ends a turn: begins handshakes that waited, stores what it changed, and sends the frames that were collected. True if the
   * next turn can begin more of them at once.
   */
  flush(now: number): boolean {
    this.#turn.now = now
    for (const held of this.#handOffs.turn(now)) this.#frames.begin(held)
    this.#devices.flush()
    this.#handover.leave()
    this.#goOn()
    this.#edges.flush()
    this.#events.flush(now)
    return this.#handOffs.isCut
  }

  #hears(now: number, device: Device, input: DeviceInput): void {
    this.#turn.now = now
    this.#devices.run(device, input)
    this.#goOn()
  }

  #answered(now: number, waiting: WaitingRequest, input: DeviceInput): void {
    const requests = this.#turn.waiting
    requests.heardAt = waiting.heardAt
    this.#hears(now, waiting.device as Device, input)
    requests.heardAt = requests.answers = 0
    this.#turn.traces.answering = undefined
  }

  /** Entries that waited for a session or a partition come once more; a partition that is another's is given up. */
  #goOn(): void {
    const { lostPartitions, replays } = this.#devices
    for (let partition = lostPartitions.pop(); partition !== undefined; partition = lostPartitions.pop()) {
      this.abandon(partition)
    }
    for (let held = replays.shift(); held !== undefined; held = replays.shift()) this.#frames.handleHeld(held)
  }
}

/** How often handshakes and edges are looked through for those that are over. */
const sweepMillis = 1000
