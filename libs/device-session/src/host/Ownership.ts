import { FrameKind, type PeerAddress } from "@roost/contracts"
import type { Counters } from "../state/Counters.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { Persistence } from "../device/Persistence.ts"
import type { Ports } from "../state/Ports.ts"
import type { Share, Shares } from "./Shares.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { Held } from "../state/Held.ts"

export interface OwnershipOptions {
  readonly shares: Shares
  readonly ports: Pick<Ports, "forward">
  readonly counters: Counters
  readonly persistence: Persistence
  /** Requests of the partition's devices that wait for an answer from the store or the registry. */
  readonly inFlightOf: (partition: number) => number
  /** The actor came from the store with its partition, which is served from now on. */
  readonly opened: (actor: DeviceActor) => void
  /** What waited may be handled now. */
  readonly again: (now: number, held: Held) => void
  /** Drops an actor as it is: the device is another node's now. */
  readonly forget: (actor: DeviceActor) => void
  /** Drops the handshakes of a partition. */
  readonly dropHandshakes: (partition: number) => void
}

/** Partitions come to this node and go from it (ADR 4), and what arrives too early or too late is not lost. */
export class Ownership {
  readonly #options: OwnershipOptions
  /** Partitions that are given up, and what to call then. */
  readonly #leaving = new Map<Share, Leaving>()

  constructor(options: OwnershipOptions) {
    this.#options = options
  }

  /** True if a partition is being given up: its devices are to be served by the next owner. */
  isLeaving(partition: number): boolean {
    return this.#leaving.size > 0 && this.#options.shares.get(partition)?.stage === "leaving"
  }

  acquire(now: number, partition: number, fencingToken: number): void {
    this.abandon(partition)
    this.#options.shares.add(now, partition, fencingToken)
  }

  /** All sessions and commands of the partition are here. */
  open(now: number, partition: number, fencingToken: number): void {
    const { again, opened, shares } = this.#options
    const share = shares.get(partition)
    if (share?.fencingToken !== fencingToken) return
    const waiting = shares.open(share)
    for (const actor of share.actors.values()) {
      actor.forgetCommandNotes()
      opened(actor)
    }
    for (const held of waiting) again(now, held)
  }

  /** Another node is to have the partition: its last state is stored, then it is forgotten, then `done` is called. */
  release(now: number, partition: number, done: () => void): void {
    const share = this.#options.shares.get(partition)
    if (share === undefined || share.stage === "loading") {
      this.abandon(partition)
      done()
      return
    }
    share.stage = "leaving"
    this.#leaving.set(share, { done, flushed: false, until: now + answersMillisMax, giveUpAt: now + releaseMillisMax })
    this.leave(now)
  }

  /** Partitions are being given up. */
  get leaves(): boolean {
    return this.#leaving.size > 0
  }

  /** Goes on with partitions that are given up: answers that are due, then the last state, then nothing is left. */
  leave(now: number): void {
    const { inFlightOf, persistence } = this.#options
    for (const [share, leaving] of this.#leaving) {
      const { partition } = share
      if (!leaving.flushed) {
        if (now < leaving.until && inFlightOf(partition) > 0) continue
        leaving.flushed = true
        for (const actor of share.actors.values()) {
          const { session } = actor
          if (session === undefined || session.restored !== undefined) continue
          if (session.online || session.lastSeenAt !== session.savedSeenAt) persistence.finish(now, actor)
        }
      }
      if (now < leaving.giveUpAt && someSaving(share)) continue
      this.abandon(partition)
    }
  }

  /** The lease is lost: nothing more is sent for the partition and nothing is stored. */
  abandon(partition: number): void {
    const { dropHandshakes, forget, shares } = this.#options
    const share = shares.get(partition)
    if (share === undefined) return
    for (const actor of share.actors.values()) forget(actor)
    dropHandshakes(partition)
    shares.remove(share)
    const leaving = this.#leaving.get(share)
    this.#leaving.delete(share)
    leaving?.done()
  }

  /**
   * Takes an entry of a frame that can't be handled here now, and copies it: it waits until its partition is loaded, or goes on
   * to the partition's owner, once. False if it is for a partition that is served here, or for nobody.
   */
  take(now: number, edge: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): boolean {
    const { counters, ports, shares } = this.#options
    if (kind === FrameKind.Unrouted || kind === FrameKind.ResumeHello) {
      if (shares.loading === 0) return false
      if (!shares.holdUnrouted({ edge, kind, partition, peer, body: new Uint8Array(body) })) counters.heldDropped++
      return true
    }
    const stage = shares.get(partition)?.stage
    if (stage === "ready") return false
    const onward = forwardedAs(kind)
    if (stage !== "loading" && onward !== undefined) {
      counters.notOwned++
      return ports.forward(edge.edgeId, onward, partition, peer, body)
    }
    // A former owner sent it on to here: this node is about to own the partition, or the two know different things.
    if (!shares.hold(now, { edge, kind, partition, peer, body: new Uint8Array(body) })) counters.heldDropped++
    return true
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

const someSaving = ({ actors }: Share): boolean => {
  for (const { saving } of actors.values()) if (saving !== undefined) return true
  return false
}

/** How long a partition that is given up waits for the store to acknowledge what its devices sent. */
const answersMillisMax = 250
/** How long it waits for its last state to be stored. What is not stored then is as after a crash. */
const releaseMillisMax = 2_000
