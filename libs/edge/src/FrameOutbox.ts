import type { PlacementMap } from "@roost/cluster"
import {
  frameBytesTarget,
  type FrameKind,
  frameStamp,
  frameStampHeader,
  FrameWriter,
  type PeerAddress,
  Subjects
} from "@roost/contracts"
import type { EdgeCounters } from "./EdgeCounters.ts"

/** The frame is good during the call only. `headers`: lines of the message. False: the bus is not there. */
export type Publish = (subject: string, frame: Uint8Array, headers: string) => boolean

interface Box {
  readonly subject: string
  readonly writer: FrameWriter
  /** When what the frame begins with was heard. */
  since: number
}

/** Collects entries by destination, so that a node gets one frame for all that a turn of the event loop brought. */
export class FrameOutbox {
  readonly #origin: string
  readonly #placement: PlacementMap
  readonly #publish: Publish
  readonly #counters: EdgeCounters
  /** By node id. */
  #boxes = new Map<string, Box>()
  readonly #everyNode: Box
  readonly #everyEdge: Box
  readonly #filled: Array<Box> = []
  /** The time of what is handled, in milliseconds. */
  now = 0

  constructor(origin: string, placement: PlacementMap, publish: Publish, counters: EdgeCounters) {
    this.#origin = origin
    this.#placement = placement
    this.#publish = publish
    this.#counters = counters
    this.#everyNode = { subject: Subjects.frameToNodes, writer: new FrameWriter(origin), since: 0 }
    this.#everyEdge = { subject: Subjects.frameToEdges, writer: new FrameWriter(origin), since: 0 }
  }

  /** Dropped, and counted, where no node is left: the device retransmits. */
  toOwner(kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    // Between two owners any node knows who is next.
    const nodeId = this.#placement.ownerOf(partition) ?? this.#placement.anyNode(partition)
    if (nodeId === undefined) return this.#counters.drop("PartitionUnowned")
    let box = this.#boxes.get(nodeId)
    if (box === undefined) {
      box = { subject: Subjects.frameToNode(nodeId), writer: new FrameWriter(this.#origin), since: 0 }
      this.#boxes.set(nodeId, box)
    }
    this.#add(box, kind, partition, peer, body)
  }

  /** For an entry whose owner, and so whose partition, is not known. */
  toEveryNode(kind: FrameKind, peer: PeerAddress, body: Uint8Array): void {
    this.#add(this.#everyNode, kind, 0, peer, body)
  }

  /** For what another edge may go on with. */
  toEveryEdge(kind: FrameKind, peer: PeerAddress, body: Uint8Array): void {
    this.#add(this.#everyEdge, kind, 0, peer, body)
  }

  /** False if nothing was sent. */
  flush(): boolean {
    let sent = false
    for (const { since, subject, writer } of this.#filled) {
      const { entries } = writer
      if (this.#publish(subject, writer.takeView(), `${frameStampHeader}: ${frameStamp(since)}\r\n`)) {
        sent = true
        this.#counters.framesOut++
        this.#counters.entriesOut += entries
      } else {
        this.#counters.drop("BusUnavailable", entries)
      }
    }
    this.#filled.length = 0
    return sent
  }

  /** Flushes and drops the buffers: a node id is new at every start, and the old ones' would stay for ever. */
  reset(): void {
    this.flush()
    this.#boxes = new Map()
  }

  #add(box: Box, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    if (box.writer.entries === 0) {
      box.since = this.now
      this.#filled.push(box)
    }
    box.writer.add(kind, partition, peer, body)
    if (box.writer.length >= frameBytesTarget) this.flush()
  }
}
