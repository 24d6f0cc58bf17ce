import { FrameKind, type PeerAddress } from "@roost/contracts"
import { type PendingResumption, resumeHandshake, resumeSessionId } from "@roost/dtls"
import * as Result from "effect/Result"
import { begunHandshake } from "../handshakes/Handshake.ts"
import { notAsked } from "../handshakes/HandshakeState.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import { restoredSequence } from "../state/RestoredSequence.ts"
import type { HandshakeServerOptions } from "./HandshakeServerOptions.ts"

/**
 * The first half of resumptions: a hello finds its session, and our flight goes out. The rest is as in a full handshake
 * (`HandshakeServer`). The edge keeps what was answered, so that the device's Finished counts at the partition's next owner too.
 */
export class Resumptions {
  readonly #options: HandshakeServerOptions

  constructor(options: HandshakeServerOptions) {
    this.#options = options
  }

  /**
   * A device asks to resume. False if its session is not here: another node may have it. `repeated`: an owner of the partition,
   * a former one or this one, answered this hello, and did not confirm the session.
   */
  begin(edge: EdgeLink, peer: PeerAddress, hello: Uint8Array, repeated = false): boolean {
    const { devices, edges, handshakes, transmissions, turn } = this.#options
    const { crypto } = turn
    const running = handshakes.get(peer)
    if (repeated && handshakes.hasResumption(peer, hello)) return true
    if (!repeated && running?.state._tag === "AwaitResumed" && running.state.pending.answers(hello)) {
      const { pending } = running.state
      this.#take(edge, running.partition, peer, pending)
      for (const datagram of pending.sendFlight(crypto)) edges.add(edge, FrameKind.Send, 0, peer, datagram)
      return true
    }
    const sessionId = resumeSessionId(hello)
    const device = sessionId === undefined ? undefined : devices.table.findBySessionId(sessionId)
    const session = device?.session
    if (device === undefined || session === undefined || session.revoked) return false
    const { partition } = device
    const own = new Uint8Array(hello)
    if (session.restored !== undefined) {
      const kind = repeated ? FrameKind.RepeatedResumeHello : FrameKind.ResumeHello
      const held = { edge, kind, partition: repeated ? partition : 0, peer, body: own }
      devices.run(device, { _tag: "Hold", held })
      return true
    }
    const writeSequence = repeated ? restoredSequence(0, -1, turn.random) : 0
    const outcome = resumeHandshake({ crypto, hello: own, session: session.dtls, writeSequence })
    if (Result.isFailure(outcome)) return true
    switch (outcome.success._tag) {
      case "Missed":
        return true
      case "Done":
        transmissions.route(edge, device, peer)
        return true
      case "Aborted":
        edges.add(edge, FrameKind.ResumeTaken, partition, peer, noBytes)
        for (const datagram of outcome.success.reply) edges.add(edge, FrameKind.Send, partition, peer, datagram)
        return true
      case "Resumed":
    }
    const { pending, reply } = outcome.success
    this.#take(edge, partition, peer, pending)
    for (const datagram of reply) edges.add(edge, FrameKind.Send, partition, peer, datagram)
    const { deviceKey, facts, productKey, secureMode } = session
    const claim = { productKey, deviceKey, secureMode, lifetimeSeconds: session.lifetimeMillis / 1000 }
    const state = { _tag: "AwaitResumed", pending, facts, wrongKey: notAsked } as const
    const startedAt = turn.now
    const displaced = handshakes.add(begunHandshake({ peer, edge, partition, startedAt, claim, repeated, state }))
    turn.counters.handshakesStarted++
    if (displaced !== undefined) turn.counters.handshakesOverLimit++
    return true
  }

  /** Tells the edge who goes on, and what it has to keep until the session is confirmed. */
  #take(edge: EdgeLink, partition: number, peer: PeerAddress, pending: PendingResumption): void {
    this.#options.edges.add(edge, FrameKind.ResumeTaken, partition, peer, pending.half)
  }
}

const noBytes = new Uint8Array(0)
