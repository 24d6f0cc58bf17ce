import { FrameKind, type PeerAddress } from "@roost/contracts"
import { PendingResumption, resumeHandshake, resumeSessionId } from "@roost/dtls"
import * as Result from "effect/Result"
import type { HandshakeServerOptions } from "./HandshakeServerOptions.ts"
import type { Handshakes } from "./Handshakes.ts"
import { restoredSequence } from "../state/RestoredSequence.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"

type ResumptionsOptions = Pick<
  HandshakeServerOptions,
  "associations" | "counters" | "crypto" | "edges" | "hold" | "random" | "table"
>

/**
 * The first half of resumptions: a hello finds its session, and our flight goes out. What comes then is as in a full handshake
 * (`HandshakeServer`). The edge keeps what was answered, so that the device's Finished counts at the partition's next owner too.
 */
export class Resumptions {
  readonly #options: ResumptionsOptions
  readonly #handshakes: Handshakes

  constructor(options: ResumptionsOptions, handshakes: Handshakes) {
    this.#options = options
    this.#handshakes = handshakes
  }

  /**
   * A device asks to resume. False if its session is not here: another node may have it. `repeated`: an owner of the partition,
   * a former one or this one, answered this hello, and did not confirm the session.
   */
  begin(now: number, edge: EdgeLink, peer: PeerAddress, hello: Uint8Array, repeated = false): boolean {
    const { associations, crypto, edges, hold, random, table } = this.#options
    const running = this.#handshakes.get(peer)
    if (repeated && this.#handshakes.hasResumption(peer, hello)) return true
    if (!repeated && running?.pending instanceof PendingResumption && running.pending.answers(hello)) {
      this.#take(edge, running.partition, peer, running.pending)
      for (const datagram of running.pending.sendFlight(crypto)) edges.add(edge, FrameKind.Send, 0, peer, datagram)
      return true
    }
    const sessionId = resumeSessionId(hello)
    const actor = sessionId === undefined ? undefined : table.findBySessionId(sessionId)
    const session = actor?.session
    if (actor === undefined || session === undefined || session.revoked) return false
    const { partition } = actor
    const own = new Uint8Array(hello)
    if (session.restored !== undefined) {
      const kind = repeated ? FrameKind.RepeatedResumeHello : FrameKind.ResumeHello
      hold(actor, session, { edge, kind, partition: repeated ? partition : 0, peer, body: own })
      return true
    }
    const writeSequence = repeated ? restoredSequence(0, -1, random) : 0
    const outcome = resumeHandshake({ crypto, hello: own, session: session.dtls, writeSequence })
    if (Result.isFailure(outcome)) return true
    switch (outcome.success._tag) {
      case "Missed":
        return true
      case "Done":
        associations.announceHandshake(edge, actor, peer)
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
    const displaced = this.#handshakes.add({
      peer,
      edge,
      pending,
      identity: { productKey, deviceKey, secureMode, lifetimeSeconds: session.lifetimeMillis / 1000 },
      named: { productKey, deviceKey },
      registered: true,
      told: false,
      startedAt: now,
      repeated,
      stage: "keyed",
      refusal: undefined,
      facts,
      partition
    })
    this.#options.counters.handshakesStarted++
    if (displaced !== undefined) this.#options.counters.handshakesOverLimit++
    return true
  }

  /** Tells the edge who goes on, and what it has to keep until the session is confirmed. */
  #take(edge: EdgeLink, partition: number, peer: PeerAddress, pending: PendingResumption): void {
    this.#options.edges.add(edge, FrameKind.ResumeTaken, partition, peer, pending.half)
  }
}

const noBytes = new Uint8Array(0)
