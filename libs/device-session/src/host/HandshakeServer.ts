import { FrameKind, type PeerAddress, type PskRequest } from "@roost/contracts"
import { PendingHandshake } from "@roost/dtls"
import * as Result from "effect/Result"
import { tryFinished } from "../handshakes/AwaitKey.ts"
import { CredentialChanges } from "../handshakes/CredentialChanges.ts"
import { begunHandshake, claimOf, type Handshake, identityOf, namedBy, nobody } from "../handshakes/Handshake.ts"
import { belongsTo } from "../handshakes/HandshakeDatagrams.ts"
import { completes, handleAnswer, handleDatagram, handleExpiry, handleUnread } from "../handshakes/HandshakeMachine.ts"
import type { AwaitKey } from "../handshakes/HandshakeState.ts"
import { type HandshakeEffect, HandshakeTurn, type Question } from "../handshakes/HandshakeTurn.ts"
import { KnownKeys } from "../handshakes/KnownKeys.ts"
import { WrongKeys } from "../handshakes/WrongKeys.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { PskOutcome } from "../state/Outcomes.ts"
import { Admissions } from "./Admissions.ts"
import { handshakeFaultText } from "./FaultTexts.ts"
import type { HandshakeServerOptions } from "./HandshakeServerOptions.ts"
import { Resumptions } from "./Resumptions.ts"

/**
 * Handshakes that edges handed over: key, Finished, the session stored, and only then the answer (ADR 6). Each input finds its
 * handshake, whose state says what becomes of it (`HandshakeMachine`); what the handshake wants then is carried out at once.
 *
 *     Finished -> tried under the key known here -+------------------------------------------> stored -> answer
 *                                                 |                                             |
 *                                                 +-> the registry is asked -> tried under its -+
 *
 * Reasons are told when the turn is over (`Events`).
 */
export class HandshakeServer {
  readonly resumptions: Resumptions
  readonly #options: HandshakeServerOptions
  readonly #turn: HandshakeTurn
  readonly #admissions: Admissions
  readonly #asked = new Map<number, { readonly handshake: Handshake; readonly question: Question }>()
  readonly #changes: CredentialChanges
  #token = 0

  constructor(options: HandshakeServerOptions) {
    const { devices, refusals, turn } = options
    const keys = new KnownKeys(devices, turn.profiles)
    this.#options = options
    this.#turn = new HandshakeTurn(turn, keys, new WrongKeys(turn.crypto))
    // As long as a handshake may take to verify, and as long again to be stored.
    this.#changes = new CredentialChanges(2 * turn.config.handshakeMillisMax)
    this.#admissions = new Admissions({ turn, devices, refusals, changes: this.#changes })
    this.resumptions = new Resumptions(options)
  }

  get size(): number {
    return this.#options.handshakes.size
  }

  /**
   * An edge read the ClientKeyExchange. `half` is copied if the handshake outlives this call: the frame does not. `repeated`: it
   * was given to an owner of the partition before, a former one or this one, who did not confirm it.
   */
  begin(edge: EdgeLink, partition: number, peer: PeerAddress, half: Uint8Array, repeated = false): void {
    const { counters, now } = this.#turn
    const read = PendingHandshake.fromHalf(half)
    if (Result.isFailure(read)) {
      counters.dropped("HalfHandshakeMalformed")
      return
    }
    const pending = read.success
    if (repeated && this.#isKnown(edge, peer, pending)) return
    if (this.#isRepetition(edge, peer, pending.waiting)) return
    counters.handshakesStarted++
    const state: AwaitKey = { _tag: "AwaitKey", pending, question: undefined }
    const claim = claimOf(pending.identity)
    const handshake = begunHandshake({ peer, edge, partition, startedAt: now, claim, repeated, state })
    if (this.#options.handshakes.add(handshake) !== undefined) counters.handshakesOverLimit++
    this.#supervise(handshake, () => {
      const isVerified = tryFinished(this.#turn, handshake, state)
      // A session that is established keeps nothing of the frame.
      if (!isVerified) pending.own()
      return isVerified
    })
  }

  /** True if the datagram was one of a handshake in progress. */
  continueHandshake(edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): boolean {
    const { devices, handshakes } = this.#options
    const handshake = handshakes.find(edge, peer, datagram)
    if (handshake === undefined) return false
    const { former } = handshake
    const isOfFormer = former !== undefined && belongsTo(former.state, datagram)
    if (!isOfFormer && !belongsTo(handshake.state, datagram)) return false
    if (devices.repeatsLastFlight(devices.table.findByPeer(peer), edge, peer, datagram)) return true
    if (isOfFormer && this.#completes(former, edge, datagram)) return true
    this.#supervise(handshake, () => handleDatagram(this.#turn, handshake, datagram), edge)
    return true
  }

  /**
   * Data that no session here can read. A device whose Finished was lost in a resumption sends nothing else, without anything
   * in it that names the session to be. An edge that asked every node (`routed` is false) hears who has the handshake: it asks only so
   * often, and the device's Finished comes next.
   */
  continueUnread(edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array, routed: boolean): boolean {
    const { edges, handshakes } = this.#options
    const handshake = handshakes.get(peer)
    if (handshake === undefined) return false
    const goesOn = this.#supervise(handshake, () => handleUnread(this.#turn, handshake, datagram), edge)
    if (goesOn && !routed) edges.add(edge, FrameKind.Claim, handshake.partition, peer, noBytes)
    return goesOn
  }

  /** The registry answered what was asked under the token. */
  handlePsk(token: number, outcome: PskOutcome): void {
    const asked = this.#asked.get(token)
    if (asked === undefined) return
    this.#asked.delete(token)
    const { handshake, question } = asked
    const isCurrent = this.#options.handshakes.isCurrent(handshake)
    this.#supervise(handshake, () => handleAnswer(this.#turn, handshake, question, outcome, isCurrent))
  }

  /** Forgets the handshakes of a partition that is another node's now. */
  dropPartition(partition: number): void {
    this.#options.handshakes.dropPartition(partition)
  }

  /** The device's credential has this version now: no handshake under an older one succeeds any more. */
  noteCredential(productKey: string, deviceKey: string, version: number): void {
    this.#changes.note(this.#turn.now, productKey, deviceKey, version)
  }

  /** False: changes of credentials are not heard, and the registry is asked for every key. */
  noteCredentialsHeard(heard: boolean): void {
    this.#turn.keys.hearsChanges = heard
  }

  expire(): void {
    const { now } = this.#turn
    this.#changes.expire(now)
    this.#options.handshakes.expire(now, (handshake) => {
      this.#supervise(handshake, () => handleExpiry(this.#turn, handshake))
    })
  }

  /** Whether a half that was repeated is of a handshake that goes on here, or of a session, of which the edge is told then. */
  #isKnown(edge: EdgeLink, peer: PeerAddress, pending: PendingHandshake): boolean {
    const { devices, handshakes, transmissions } = this.#options
    if (handshakes.has(peer, pending)) return true
    const device = pending.sessionIds.map((id) => devices.table.findBySessionId(id)).find((found) => found)
    if (device === undefined) return false
    // The session's own Finished answers the repeated flight behind the half.
    transmissions.route(edge, device, peer)
    return true
  }

  /**
   * Whether what came with a key exchange is the last flight of the handshake before, repeated since our answer was lost. A
   * late copy of its ClientHello has begun another one then, which its client knows nothing of.
   */
  #isRepetition(edge: EdgeLink, peer: PeerAddress, records: ReadonlyArray<Uint8Array>): boolean {
    const { devices, handshakes } = this.#options
    const device = devices.table.findByPeer(peer)
    const former = handshakes.get(peer)
    return records.some(
      (record) =>
        devices.repeatsLastFlight(device, edge, peer, record) ||
        (former !== undefined && this.#completes(former, edge, record))
    )
  }

  #completes(handshake: Handshake, edge: EdgeLink, datagram: Uint8Array): boolean {
    return this.#supervise(handshake, () => completes(this.#turn, handshake, datagram), edge)
  }

  /**
   * Has a handshake handle an input, and carries out what it wants then. An exception costs that handshake alone: it is forgotten, and
   * its client begins another one. Returns what `input` says, if it says anything; false after an exception. `edge`: where the input was
   * heard. What answers it goes out there, since the edge that began the handshake may be gone.
   */
  #supervise(handshake: Handshake, input: () => boolean | void, edge = handshake.edge): boolean {
    const { effects } = this.#turn
    try {
      const said = input()
      for (let effect = effects.take(); effect !== undefined; effect = effects.take())
        this.#carryOut(handshake, effect, edge)
      return said === true
    } catch (cause) {
      this.#fault(handshake, cause)
      return false
    } finally {
      effects.clear()
    }
  }

  #fault(handshake: Handshake, cause: unknown): void {
    const { counters, keys, now } = this.#turn
    const { handshakes, refusals } = this.#options
    counters.handshakeFaults++
    handshakes.remove(handshake)
    const { claim, peer, registered } = handshake
    const named = namedBy(claim)
    const isKnown = registered || keys.hasSessionOf(named)
    refusals.tellFault(now, peer, isKnown ? named : undefined, handshakeFaultText(cause))
  }

  #carryOut(handshake: Handshake, effect: HandshakeEffect, edge: EdgeLink): void {
    const { edges, handshakes, refusals } = this.#options
    const { partition, peer } = handshake
    switch (effect._tag) {
      case "Reply":
        for (const datagram of effect.datagrams) {
          this.#turn.counters.datagramsOut++
          edges.add(edge, FrameKind.Send, partition, peer, datagram)
        }
        break
      case "Ask":
        this.#ask(handshake, effect.question)
        break
      case "Refuse":
        refusals.tell(this.#turn.now, handshake, effect.kind, effect.told)
        break
      case "Verified":
        if (!this.#admissions.admit(handshake, effect.verified, edge)) handshakes.remove(handshake)
        break
    }
  }

  /** Also for an identity that can't be read, which is no device's: the question and its answer are the same work. */
  #ask(handshake: Handshake, question: Question): void {
    const { deviceKey, productKey } = namedBy(handshake.claim) ?? nobody
    this.#token++
    this.#asked.set(this.#token, { handshake, question })
    const key: PskRequest = { productKey, deviceKey, secureMode: identityOf(handshake.claim)?.secureMode ?? 2 }
    const request: PskRequest = question.about === "Mistakes" ? { ...key, mistakes: true } : key
    this.#options.carryOut({ _tag: "AskKey", token: this.#token, request })
  }
}

const noBytes = new Uint8Array(0)
