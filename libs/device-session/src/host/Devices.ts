import { ActorHost, type ActorWorld, OwnedPartitions } from "@roost/actors"
import { partitionCount, partitionOf, type PeerAddress } from "@roost/contracts"
import { Device } from "../device/Device.ts"
import type { DeviceInput } from "../device/DeviceInput.ts"
import type { Handshakes } from "../handshakes/Handshakes.ts"
import type { DeviceEffect } from "../state/DeviceEffect.ts"
import { replaceByStub } from "../device/Supervision.ts"
import { actorKey } from "../state/DeviceState.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import { type DatagramOutcome, heardDatagram } from "../state/HeardDatagram.ts"
import type { Held } from "../state/Held.ts"
import { recordEffect, recordInput } from "../recording/DeviceSteps.ts"
import { CommandOwners } from "./CommandOwners.ts"
import type { Events } from "./Events.ts"
import { deviceFaultText } from "./FaultTexts.ts"
import type { HandshakeRefusals } from "./HandshakeRefusals.ts"
import type { CarryOut } from "./HostEffect.ts"
import type { HostTurn } from "./HostTurn.ts"
import { Saves } from "./Saves.ts"
import { SessionTable } from "./SessionTable.ts"
import type { Transmissions } from "./Transmissions.ts"

export interface DevicesOptions {
  readonly turn: HostTurn
  readonly carryOut: CarryOut
  readonly events: Events
  readonly refusals: HandshakeRefusals
  readonly transmissions: Transmissions
  readonly handshakes: Handshakes
}

/** The devices of a host: found by their keys, run with what they hear, and what they want carried out. */
export class Devices implements ActorWorld<Device, DeviceEffect> {
  readonly partitions = new OwnedPartitions<Device, Held>(partitionCount)
  readonly table = new SessionTable()
  readonly saves = new Saves()
  readonly commands = new CommandOwners()
  /** Entries of frames that are to come once more, behind the input that is handled. */
  readonly replays: Array<Held> = []
  /** Partitions of which a newer owner's entry was met. */
  readonly lostPartitions: Array<number> = []
  readonly #options: DevicesOptions
  readonly #turn: HostTurn
  readonly #actors: ActorHost<DeviceInput, DeviceEffect, HostTurn, Device, Held>
  readonly #recalls = new Map<number, Device>()
  /** Online sessions that came from the store, less those that left with their partition. */
  #onlineBrought = 0

  constructor(options: DevicesOptions) {
    this.#options = options
    this.#turn = options.turn
    this.#actors = new ActorHost(options.turn, this, this.partitions)
  }

  get online(): number {
    const { wentOffline, wentOnline } = this.#turn.counters
    return wentOnline - wentOffline + this.#onlineBrought
  }

  get timers(): number {
    return this.#actors.timers
  }

  /** As many devices are here as may be. */
  get areFull(): boolean {
    return this.partitions.actors >= this.#turn.config.devicesMax
  }

  find(productKey: string, deviceKey: string): Device | undefined {
    return this.#actors.find(partitionOf(productKey, deviceKey), actorKey(productKey, deviceKey))
  }

  /** Made if there is none; undefined if its partition is not this node's. */
  findOrMake(productKey: string, deviceKey: string): Device | undefined {
    const partition = partitionOf(productKey, deviceKey)
    const make = () => new Device(productKey, deviceKey, partition)
    return this.#actors.findOrMake(partition, actorKey(productKey, deviceKey), make)
  }

  run(device: Device, input: DeviceInput): void {
    if (this.#turn.recorder.active) recordInput(this.#turn, device, input)
    this.#actors.run(device, input)
  }

  /** The device hears a datagram. */
  hear(device: Device, edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): DatagramOutcome {
    const heard = heardDatagram(edge, peer, datagram)
    this.#actors.run(device, heard)
    return heard.outcome
  }

  /** Whether the datagram is of the device's session, while the device may lack our Finished: then it is answered again. */
  repeatsLastFlight(device: Device | undefined, edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): boolean {
    const session = device?.session
    if (device === undefined || session?.dtls.lastFlight === undefined || session.restored !== undefined) return false
    return this.hear(device, edge, peer, datagram) === "Alive"
  }

  /** Fires what is due. */
  advance(): void {
    this.#actors.advance()
  }

  quietMillis(most: number): number {
    return this.#actors.quietMillis(most)
  }

  /** Ends a turn: what was to be stored by its end is written. */
  flush(): void {
    for (const device of this.saves.takeTurn()) this.#write(device, false)
  }

  /** Ends a tick: what may wait, and what could not be sent before. */
  flushTick(): void {
    for (const device of this.saves.takeTick()) this.#write(device, true)
  }

  /** Drops a device as it is: it is another node's now. */
  drop(device: Device): void {
    const { bound } = device
    this.#actors.drop(device)
    this.commands.forget(device)
    device.saving = undefined
    device.fault = undefined
    if (bound === undefined) return
    if (bound.online) this.#onlineBrought--
    this.table.unbind(device, bound)
    device.session = undefined
  }

  carryOut(device: Device, effect: DeviceEffect): void {
    if (this.#turn.recorder.active) recordEffect(this.#turn, device, effect)
    const { carryOut, events, handshakes, refusals, transmissions } = this.#options
    const { deviceKey, productKey, session } = device
    switch (effect._tag) {
      case "Send":
        if (session !== undefined) transmissions.send(device, session, effect.message)
        break
      case "StoreUplink":
        if (!carryOut(effect)) this.#notStored(effect.token)
        break
      case "SaveThisTurn":
        this.saves.thisTurn(device)
        break
      case "SaveNextTick":
        this.saves.nextTick(device)
        break
      case "SaveSession": {
        const { record, revision } = effect
        const token = this.saves.ask(device)
        if (carryOut({ _tag: "SaveSession", token, productKey, deviceKey, revision, record })) break
        this.saves.answered(token)
        this.run(device, { _tag: "Saved", outcome: notSent })
        break
      }
      case "Hear":
        this.run(device, effect.heard)
        break
      case "SendSealed":
        if (session !== undefined) transmissions.sendSealed(device, session, effect.datagram)
        break
      case "Route":
        transmissions.route(effect.edge, device, effect.peer)
        break
      case "Presence":
      case "AskActivation":
      case "AskProperties":
      case "RunScript":
      case "DeleteSession":
        carryOut(effect)
        break
      case "StoreCommandEvent": {
        const { event, token, trace } = effect
        const traced = trace === undefined ? untraced : { trace }
        const taken = carryOut({ _tag: "StoreCommandEvent", token, productKey, deviceKey, event, ...traced })
        if (!taken && token !== 0) this.#notStored(token)
        break
      }
      case "Recall":
        this.#recalls.set(effect.token, device)
        carryOut({ _tag: "Recall", token: effect.token, productKey, deviceKey, kinds: effect.kinds })
        break
      case "ReadSession":
        carryOut({ _tag: "ReadSession", token: this.saves.ask(device), productKey, deviceKey })
        break
      case "Report":
        events.report(this.#turn.now, device, effect)
        break
      case "ReportProduct":
        events.reportProduct(this.#turn.now, productKey, effect)
        break
      case "Bound":
        if (effect.previous === undefined) this.table.bind(device)
        else this.table.rebind(device, effect.previous)
        break
      case "BoundRestored":
        this.table.restore(device)
        if (session?.online === true) this.#onlineBrought++
        break
      case "Unbound":
        if (effect.mayResume) this.table.unbindRoutes(device, effect.session)
        else this.table.unbind(device, effect.session)
        break
      case "HandshakeOver":
        handshakes.remove(effect.handshake)
        break
      case "Replaced":
        refusals.tellReplaced(this.#turn.now, effect.peer, effect.former)
        break
      case "Replay":
        this.replays.push(...effect.held)
        break
      case "CommandQueued":
        this.commands.set(effect.commandId, device)
        break
      case "PartitionLost":
        this.lostPartitions.push(device.partition)
        break
    }
  }

  /** An exception in a device's code, or in carrying out what it wanted: a stub takes its place, and operators hear of it. */
  replace(device: Device, cause: unknown): void {
    const { events } = this.#options
    const { effects, now } = this.#turn
    for (const effect of effects) this.#carryOutLast(device, effect)
    const { until } = replaceByStub(this.#turn, device)
    const peer = device.bound?.peer
    if (peer !== undefined) this.table.restore(device)
    const reason = deviceFaultText(cause, until - now)
    if (peer !== undefined)
      events.report(now, device, { kind: "actor-fault", peer, reason, more: { code: "actor-fault" } })
    else
      events.reportProduct(now, device.productKey, {
        kind: "actor-fault",
        code: "actor-fault",
        reason,
        hint: () => ` (${device.deviceKey})`
      })
  }

  /**
   * The effects that the device's code still wanted when it threw. Its state, the tables and the counters say so already, and
   * others must hear it too.
   */
  #carryOutLast(device: Device, effect: DeviceEffect): void {
    switch (effect._tag) {
      case "Bound":
      case "BoundRestored":
      case "CommandQueued":
      case "DeleteSession":
      case "HandshakeOver":
      case "PartitionLost":
      case "Presence":
      case "Unbound":
        return this.carryOut(device, effect)
      // Nobody answers what is not asked.
      case "AskActivation":
      case "AskProperties":
      case "RunScript":
      case "StoreCommandEvent":
      case "StoreUplink":
        this.#turn.waiting.take(effect.token)
    }
  }

  /** The streams answered. */
  recalled(token: number): Device | undefined {
    const device = this.#recalls.get(token)
    this.#recalls.delete(token)
    return device
  }

  /** The store's queue has no room: the device hears so next. */
  #notStored(token: number): void {
    const waiting = this.#turn.waiting.take(token)
    if (waiting !== undefined) this.run(waiting.device as Device, { _tag: "Stored", waiting, stored: false })
  }

  #write(device: Device, tick: boolean): void {
    const fencingToken = this.partitions.get(device.partition)?.fencingToken
    this.run(device, { _tag: "Write", due: { tick, fencingToken } })
  }
}

const untraced = {}
const notSent = { _tag: "NotSent" } as const
