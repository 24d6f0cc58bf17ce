import type { PeerAddress, StrangerEvent } from "@roost/contracts"
import type { HelloRefusal } from "@roost/dtls"
import type { FlightRecorder } from "@roost/flight-recorder"
import { StrangerReports } from "@roost/strangers"
import type { DropReason, EdgeCounters } from "./EdgeCounters.ts"
import { recordDatagram, recordDrop } from "./EdgeRecording.ts"
import { type EdgeRefusal, edgeRefusals, helloRefusal, notDtlsRefusal } from "./EdgeRefusals.ts"

/**
 * Where datagrams end that an edge takes no further. Each is counted, recorded while somebody asked for that, and told to operators
 * unless it happens to any device at times.
 */
export class Drops {
  readonly #counters: EdgeCounters
  readonly #recorder: FlightRecorder
  readonly #strangers: StrangerReports
  readonly #strangerBytesMax: number

  constructor(options: {
    readonly edgeId: string
    readonly now: number
    readonly counters: EdgeCounters
    readonly recorder: FlightRecorder
    readonly strangerBytesMax: number
  }) {
    this.#counters = options.counters
    this.#recorder = options.recorder
    this.#strangers = new StrangerReports(options.edgeId, options.now)
    this.#strangerBytesMax = options.strangerBytesMax
  }

  drop(now: number, peer: PeerAddress, reason: DropReason): void {
    this.#drop(now, peer, reason, edgeRefusals[reason])
  }

  /** The operator is told of the protocol that the datagram looks like. */
  dropNotDtls(now: number, peer: PeerAddress, datagram: Uint8Array): void {
    if (this.#recorder.active) recordDatagram(this.#recorder, now, "in", peer, datagram)
    this.#drop(now, peer, "NotDtls", notDtlsRefusal(datagram))
  }

  /**
   * True where the datagram was too large, and is dropped. Nothing that Roost serves needs so much of a peer without a session
   * (RFC 6347 §4.1.1, RFC 7925 §13).
   */
  dropsTooLarge(now: number, peer: PeerAddress, datagram: Uint8Array): boolean {
    if (datagram.length <= this.#strangerBytesMax) return false
    this.drop(now, peer, "StrangerTooLarge")
    return true
  }

  /** A ClientHello that was answered, with an alert or another cookie: no drop, and of interest to operators. */
  helloRefused(now: number, peer: PeerAddress, refused: HelloRefusal): void {
    this.#strangers.refused(now, { peer, ...helloRefusal(refused) })
  }

  /** Calls `tell` with what operators may be told now. */
  flush(now: number, tell: (event: StrangerEvent) => void): void {
    this.#strangers.flush(now, tell)
  }

  /** For how long `flush` has nothing to tell; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    return this.#strangers.quietMillis(now, most)
  }

  #drop(now: number, peer: PeerAddress, reason: DropReason, refusal: EdgeRefusal | undefined): void {
    this.#counters.drop(reason)
    if (this.#recorder.active) recordDrop(this.#recorder, now, peer, reason, refusal?.code)
    if (refusal !== undefined) this.#strangers.refused(now, { peer, ...refusal })
  }
}
