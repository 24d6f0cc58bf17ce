import type { Inlet } from "@roost/actors"

/** Bounds of the frames that wait; frames of datagrams whose owner the edge knows go before the others. */
export interface FrameInboxLimits {
  /** Bytes of frames that are handled in one turn of the event loop: some 1 500 datagrams, 25 ms. */
  readonly bytesPerTurn: number
  /** Bytes of frames that wait, of each kind. One more, and the oldest are discarded: devices send again. */
  readonly bytesMax: number
}

export const frameInboxLimits: FrameInboxLimits = { bytesPerTurn: 256 * 1024, bytesMax: 8 * 1024 * 1024 }

interface Lane {
  readonly waiting: Array<Uint8Array>
  /** `frameStamp` of each. */
  readonly stamps: Array<number>
  /** Of the first one that waits: `shift` would move all. */
  at: number
  bytes: number
}

/**
 * Frames from the edges, in front of the work that they cost. Frames that a turn of the event loop has time for are handled as
 * they come. The rest waits, so that the connection is read on: acknowledgements of leases and of the store come by it, too.
 */
export class FrameInbox implements Inlet {
  /** Frames that were not handled: too many waited, or the node did not serve. */
  discarded = 0
  readonly #limits: FrameInboxLimits
  readonly #handle: (frame: Uint8Array, stamp: number) => void
  readonly #routed: Lane = { waiting: [], stamps: [], at: 0, bytes: 0 }
  readonly #unrouted: Lane = { waiting: [], stamps: [], at: 0, bytes: 0 }
  #bytesLeft: number

  constructor(handle: (frame: Uint8Array, stamp: number) => void, limits: FrameInboxLimits = frameInboxLimits) {
    this.#handle = handle
    this.#limits = limits
    this.#bytesLeft = limits.bytesPerTurn
  }

  /** Bytes of frames that wait. */
  get bytes(): number {
    return this.#routed.bytes + this.#unrouted.bytes
  }

  /** A frame of datagrams whose owner the edge knows; it is copied if it has to wait. `stamp`: `frameStamp`, or 0. */
  routed(frame: Uint8Array, stamp = 0): void {
    this.#take(this.#routed, frame, stamp)
  }

  /** A frame to every node. */
  unrouted(frame: Uint8Array, stamp = 0): void {
    this.#take(this.#unrouted, frame, stamp)
  }

  /** A turn of the event loop is over: handles as much as the next one has time for. True if more waits. */
  turn(): boolean {
    this.#bytesLeft = this.#limits.bytesPerTurn
    for (const lane of [this.#routed, this.#unrouted]) {
      while (lane.bytes > 0 && this.#bytesLeft > 0) {
        const stamp = lane.stamps[lane.at]!
        const frame = next(lane)
        this.#bytesLeft -= frame.length
        this.#handle(frame, stamp)
      }
    }
    return this.bytes > 0
  }

  /** The node does not serve: what is for it is for somebody else by now. */
  discard(frames = 0): void {
    this.discarded += frames
    for (const lane of [this.#routed, this.#unrouted]) {
      while (lane.bytes > 0) {
        next(lane)
        this.discarded++
      }
    }
  }

  #take(lane: Lane, frame: Uint8Array, stamp: number): void {
    if (lane.bytes === 0 && this.#bytesLeft > 0) {
      this.#bytesLeft -= frame.length
      this.#handle(frame, stamp)
      return
    }
    lane.waiting.push(frame.slice())
    lane.stamps.push(stamp)
    lane.bytes += frame.length
    while (lane.bytes > this.#limits.bytesMax) {
      next(lane)
      this.discarded++
    }
  }
}

const next = (lane: Lane): Uint8Array => {
  const frame = lane.waiting[lane.at]!
  lane.at++
  lane.bytes -= frame.length
  if (lane.at === lane.waiting.length) {
    lane.waiting.length = 0
    lane.stamps.length = 0
    lane.at = 0
  } else if (lane.at >= compactAt) {
    lane.waiting.splice(0, lane.at)
    lane.stamps.splice(0, lane.at)
    lane.at = 0
  }
  return frame
}

/** Frames that were taken out before the list is made shorter: some 10 ns a frame. */
const compactAt = 1024
