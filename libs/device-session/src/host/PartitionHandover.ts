import type { OwnedPartition } from "@roost/actors"
import { sourceOf } from "@roost/bounded"
import { FrameKind, type PeerAddress } from "@roost/contracts"
import type { Device } from "../device/Device.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { Held } from "../state/Held.ts"
import type { Devices } from "./Devices.ts"
import type { Handshakes } from "../handshakes/Handshakes.ts"
import type { CarryOut } from "./HostEffect.ts"
import type { HostTurn } from "./HostTurn.ts"

/**
 * The fate of an entry of a frame. `Served`: its partition is served here, or it is nobody's, so go on with it. `Held` until
 * its partition is loaded; `Forwarded` to the partition's owner, once; `Homeless`: no owner is known. `Dropped`: too much is held.
 */
export type Diversion = "Served" | "Held" | "Forwarded" | "Homeless" | "Dropped"

/** Partitions come to this node and go from it, and what arrives too early or too late is not lost. */
export class PartitionHandover {
  readonly #turn: HostTurn
  readonly #carryOut: CarryOut
  readonly #devices: Devices
  readonly #handshakes: Handshakes
  /** Partitions that are given up, and what to call then. */
  readonly #leaving = new Map<OwnedPartition<Device, Held>, Leaving>()

  constructor(options: {
    readonly turn: HostTurn
    readonly carryOut: CarryOut
    readonly devices: Devices
    readonly handshakes: Handshakes
  }) {
    this.#turn = options.turn
    this.#carryOut = options.carryOut
    this.#devices = options.devices
    this.#handshakes = options.handshakes
  }

  /** True if a partition is being given up: its devices are to be served by the next owner. */
  isLeaving(partition: number): boolean {
    return this.#leaving.size > 0 && this.#devices.partitions.get(partition)?.stage === "leaving"
  }

  acquire(partition: number, fencingToken: number): void {
    this.abandon(partition)
    this.#devices.partitions.add(this.#turn.now, partition, fencingToken)
  }

  /** All sessions and commands of the partition are here. */
  open(partition: number, fencingToken: number): void {
    const { partitions, replays } = this.#devices
    const owned = partitions.get(partition)
    if (owned?.fencingToken !== fencingToken) return
    const held = partitions.open(owned)
    for (const device of owned.actors.values()) this.#devices.run(device, { _tag: "Opened" })
    replays.push(...held)
  }

  /** Another node is to have the partition: its last state is stored, then it is forgotten, then `done` is called. */
  release(partition: number, done: () => void): void {
    const owned = this.#devices.partitions.get(partition)
    if (owned === undefined || owned.stage === "loading") {
      this.abandon(partition)
      done()
      return
    }
    owned.stage = "leaving"
    const { now } = this.#turn
    this.#leaving.set(owned, { done, flushed: false, until: now + answersMillisMax, giveUpAt: now + releaseMillisMax })
    this.leave()
  }

  /** Partitions are being given up. */
  get leaves(): boolean {
    return this.#leaving.size > 0
  }

  /** Goes on with partitions that are given up: answers that are due, then the last state, then nothing is left. */
  leave(): void {
    const { now, waiting } = this.#turn
    for (const [owned, leaving] of this.#leaving) {
      const { partition } = owned
      if (!leaving.flushed) {
        if (now < leaving.until && waiting.countOf(partition) > 0) continue
        leaving.flushed = true
        for (const device of owned.actors.values()) this.#devices.run(device, { _tag: "Leaving" })
        this.#devices.flush()
      }
      if (now < leaving.giveUpAt && someSaving(owned)) continue
      this.abandon(partition)
    }
  }

  /** The lease is lost: nothing more is sent for the partition and nothing is stored. */
  abandon(partition: number): void {
    const { partitions } = this.#devices
    const owned = partitions.get(partition)
    if (owned === undefined) return
    for (const device of owned.actors.values()) this.#devices.drop(device)
    this.#handshakes.dropPartition(partition)
    partitions.remove(owned)
    const leaving = this.#leaving.get(owned)
    this.#leaving.delete(owned)
    leaving?.done()
  }

  /** Holds or forwards an entry that this node can't serve now. */
  divert(edge: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): Diversion {
    const { partitions } = this.#devices
    const { counters } = this.#turn
    if (kind === FrameKind.Unrouted || kind === FrameKind.ResumeHello) {
      if (partitions.loading === 0) return "Served"
      const held = { edge, kind, partition, peer, body: new Uint8Array(body) }
      if (partitions.holdForAny(sourceOf(peer.key), held)) return "Held"
      counters.heldDropped++
      return "Dropped"
    }
    const stage = partitions.get(partition)?.stage
    if (stage === "ready") return "Served"
    const onward = forwardedAs(kind)
    if (stage !== "loading" && onward !== undefined) {
      counters.notOwned++
      const { edgeId } = edge
      const forwarded = this.#carryOut({ _tag: "Forward", edgeId, kind: onward, partition, peer, body })
      return forwarded ? "Forwarded" : "Homeless"
    }
    // A former owner sent it on to here: this node is about to own the partition, or the two know different things.
    if (partitions.hold(this.#turn.now, { edge, kind, partition, peer, body: new Uint8Array(body) })) return "Held"
    counters.heldDropped++
    return "Dropped"
  }
}

/** The kind that an entry from an edge goes on as; undefined for those that have been forwarded already. */
const forwardedAs = (kind: FrameKind): FrameKind | undefined => {
  if (kind === FrameKind.Datagram) return FrameKind.ForwardedDatagram
  return kind === FrameKind.HalfHandshake ? FrameKind.ForwardedHalfHandshake : undefined
}

interface Leaving {
  readonly done: () => void
  /** When answers are not waited for any more. */
  readonly until: number
  readonly giveUpAt: number
  flushed: boolean
}

const someSaving = ({ actors }: OwnedPartition<Device, Held>): boolean => {
  for (const { saving } of actors.values()) if (saving !== undefined) return true
  return false
}

/** How long a partition that is given up waits for the store to acknowledge what its devices sent. */
const answersMillisMax = 250
/** How long it waits for its last state to be stored. A device whose state is not stored then is as after a crash. */
const releaseMillisMax = 2_000
