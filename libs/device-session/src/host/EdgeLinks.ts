import {
  formatFrameTrace,
  frameBytesTarget,
  FrameKind,
  type FrameTrace,
  frameTracesHeader,
  frameTracesMax,
  FrameWriter,
  type PeerAddress
} from "@roost/contracts"
import { recordDatagram } from "../recording/SessionRecords.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { CarryOut } from "./HostEffect.ts"

/** Edges that one node answers to at once; an edge that asked for nothing in this time is forgotten. */
export const edgeIdleMillisMax = 600_000

/** One frame per edge and tick (docs/architecture.md §2). */
export class EdgeLinks {
  readonly #links = new Map<string, EdgeLink>()
  readonly #dirty: Array<EdgeLink> = []
  readonly #nodeId: string
  readonly #carryOut: CarryOut
  readonly #turn: DeviceTurn | undefined

  constructor(nodeId: string, carryOut: CarryOut, turn?: DeviceTurn) {
    this.#nodeId = nodeId
    this.#carryOut = carryOut
    this.#turn = turn
  }

  link(edgeId: string, now: number): EdgeLink {
    const known = this.#links.get(edgeId)
    if (known !== undefined) {
      known.lastUsedAt = now
      return known
    }
    const link: EdgeLink = { edgeId, writer: new FrameWriter(this.#nodeId), lastUsedAt: now, traces: [] }
    this.#links.set(edgeId, link)
    return link
  }

  add(link: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    const turn = this.#turn
    if (turn?.recorder.active === true && kind === FrameKind.Send) recordDatagram(turn, undefined, "out", peer, body)
    if (link.writer.entries === 0) this.#dirty.push(link)
    link.writer.add(kind, partition, peer, body)
    if (link.writer.length >= frameBytesTarget) this.flush()
  }

  /** Starts an entry that the caller writes into `link.writer.buffer` at the returned offset and commits. */
  reserve(link: EdgeLink, kind: FrameKind, partition: number, peer: PeerAddress, bodyBytesMax: number): number {
    if (link.writer.length >= frameBytesTarget) this.flush()
    if (link.writer.entries === 0) this.#dirty.push(link)
    return link.writer.reserve(kind, partition, peer, bodyBytesMax)
  }

  /** The frame answers a traced request. */
  trace({ traces }: EdgeLink, trace: FrameTrace): void {
    if (traces.length < frameTracesMax) traces.push(formatFrameTrace(trace))
  }

  /** Publishes what was collected since the last flush. */
  flush(): void {
    for (const link of this.#dirty) {
      if (link.writer.entries === 0) continue
      const headers = link.traces.length === 0 ? "" : `${frameTracesHeader}: ${link.traces.join(",")}\r\n`
      link.traces.length = 0
      this.#carryOut({ _tag: "Frame", edgeId: link.edgeId, frame: link.writer.takeView(), headers })
    }
    this.#dirty.length = 0
  }

  /** Forgets edges that are gone. */
  sweep(now: number): void {
    for (const link of this.#links.values()) {
      if (now - link.lastUsedAt > edgeIdleMillisMax && link.writer.entries === 0) this.#links.delete(link.edgeId)
    }
  }
}
