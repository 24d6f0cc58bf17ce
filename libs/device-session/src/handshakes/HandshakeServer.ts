import { FrameKind, type PeerAddress, type PskRequest } from "@roost/contracts"
import { type Crypto, type HandshakeOutcome, PendingHandshake, PendingResumption } from "@roost/dtls"
import { parseIdentity, pskBytes, type PskIdentity } from "@roost/enos"
import * as Result from "effect/Result"
import { CredentialChanges } from "./CredentialChanges.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { HandshakeServerOptions } from "./HandshakeServerOptions.ts"
import { belongsTo, keepEarly } from "./HandshakeDatagrams.ts"
import {
  credentialChangedText,
  displacingText,
  HandshakeRefusals,
  randomText,
  refusalText,
  refusedKind,
  rejectText,
  secretTooShortText,
  unfinishedText
} from "./HandshakeRefusals.ts"
import { type HandshakeInProgress, Handshakes, namedBy, nobody } from "./Handshakes.ts"
import { KnownKeys } from "./KnownKeys.ts"
import { newSession } from "./NewSession.ts"
import { isRegistered, type PskOutcome } from "../state/Ports.ts"
import { Resumptions } from "./Resumptions.ts"
import { exchangesOf } from "../state/SessionExchanges.ts"
import { keyText, WrongKeys } from "./WrongKeys.ts"
import type { CachedPsk, DeviceFacts } from "../state/DeviceFacts.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"

/**
 * Handshakes that edges handed over: key, Finished, the session stored, and only then the answer (ADR 6).
 *
 *     Finished -> tried under the key known here -+------------------------------------------> stored -> answer
 *                                                 |                                             |
 *                                                 +-> the registry is asked -> tried under its -+
 *
 * All refusals take this one way. Whatever a handshake names, and whether it names anything, its Finished is tried under a
 * key from here, the registry is asked once, and the Finished is tried under the key from there. Where there is no key it is
 * one that nobody has. So nothing on the wire, and no other work, tells a wrong key from an unknown device, or a device that
 * is online from one that is not; only who has the key that is known here is let in without the question. Reasons are told
 * when the turn is over (`Events`).
 */
export class HandshakeServer {
  readonly #options: HandshakeServerOptions
  readonly #crypto: Crypto
  readonly #handshakes: Handshakes
  readonly #asked = new Map<number, HandshakeInProgress>()
  readonly #changes: CredentialChanges
  readonly #keys: KnownKeys
  readonly #refusals: HandshakeRefusals
  readonly #wrongKeys: WrongKeys
  readonly resumptions: Resumptions
  #token = 0

  constructor(options: HandshakeServerOptions) {
    this.#options = options
    this.#crypto = options.crypto
    this.#refusals = new HandshakeRefusals(options.events)
    this.#handshakes = new Handshakes(options.config.handshakesMax, options.config.handshakeMillisMax)
    this.#keys = new KnownKeys(options.findActor, options.profiles)
    this.#wrongKeys = new WrongKeys(options.crypto)
    this.resumptions = new Resumptions(options, this.#handshakes)
    // As long as a handshake may take to verify, and as long again to be stored.
    this.#changes = new CredentialChanges(2 * options.config.handshakeMillisMax)
  }

  get size(): number {
    return this.#handshakes.size
  }

  /**
   * An edge read the ClientKeyExchange. `half` is copied if the handshake outlives this call: the frame does not. `repeated`: it
   * was given to an owner of the partition before, a former one or this one, who did not confirm it.
   */
  begin(now: number, edge: EdgeLink, partition: number, peer: PeerAddress, half: Uint8Array, repeated = false): void {
    const { counters } = this.#options
    const pending = PendingHandshake.fromHalf(half)
    if (Result.isFailure(pending)) {
      counters.dropped("HalfHandshakeMalformed")
      return
    }
    if (repeated && this.#isKnown(edge, peer, pending.success.sessionId)) return
    if (this.#isRepetition(now, edge, peer, pending.success.waiting)) return
    counters.handshakesStarted++
    const parsed = parseIdentity(pending.success.identity)
    const handshake: HandshakeInProgress = {
      peer,
      edge,
      pending: pending.success,
      identity: Result.isSuccess(parsed) ? parsed.success : undefined,
      named: namedBy(Result.isSuccess(parsed) ? parsed.success : parsed.failure),
      registered: false,
      told: false,
      partition,
      startedAt: now,
      repeated,
      stage: "needsKey",
      refusal: Result.isSuccess(parsed) ? undefined : parsed.failure.message,
      facts: undefined
    }
    if (this.#handshakes.add(handshake) !== undefined) counters.handshakesOverLimit++
    // What is established keeps nothing of the frame.
    if (!this.#tryFinished(now, handshake)) pending.success.own()
  }

  /** Whether a half that was repeated is of a handshake that goes on here, or of a session, of which the edge is told then. */
  #isKnown(edge: EdgeLink, peer: PeerAddress, sessionId: Uint8Array): boolean {
    const { associations, table } = this.#options
    if (this.#handshakes.has(peer, sessionId)) return true
    const actor = table.findBySessionId(sessionId)
    if (actor === undefined) return false
    // The session's own Finished answers the repeated flight behind the half.
    associations.announceHandshake(edge, actor, peer)
    return true
  }

  /** True if the datagram was one of a handshake in progress. */
  continueHandshake(now: number, edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): boolean {
    const handshake = this.#handshakes.find(edge, peer, datagram)
    if (handshake === undefined) return false
    const { former } = handshake
    const isOfFormer = former !== undefined && belongsTo(former, datagram)
    if (!isOfFormer && !belongsTo(handshake, datagram)) return false
    const { associations, table } = this.#options
    if (associations.repeatsLastFlight(now, edge, peer, table.findByPeer(peer), datagram)) return true
    if (isOfFormer && this.#completes(now, former, datagram)) return true
    const { early, pending } = handshake
    if (handshake.stage === "storing" || pending === undefined) {
      keepEarly(early, datagram)
      return true
    }
    this.#conclude(now, handshake, pending.handleDatagram(this.#crypto, now, datagram))
    // The Finished came by itself, or it is the device's retransmission: the moment to ask again if the registry did not answer.
    if (handshake.stage === "needsKey") this.#tryFinished(now, handshake)
    return true
  }

  /**
   * Data that no session here can read. A device whose Finished was lost in a resumption sends nothing else, without anything
   * in it that names the session to be.
   */
  continueUnread(now: number, peer: PeerAddress, datagram: Uint8Array): boolean {
    const handshake = this.#handshakes.get(peer)
    if (handshake?.stage !== "keyed" || !(handshake.pending instanceof PendingResumption)) return false
    const outcome = handshake.pending.handleDatagram(this.#crypto, now, datagram)
    // It may be anybody's.
    if (outcome._tag !== "Rejected") this.#conclude(now, handshake, outcome)
    return true
  }

  /**
   * Whether what came with a key exchange is the last flight of the handshake before, repeated since our answer was lost. A
   * late copy of its ClientHello has begun another one then, which its client knows nothing of.
   */
  #isRepetition(now: number, edge: EdgeLink, peer: PeerAddress, records: ReadonlyArray<Uint8Array>): boolean {
    const { associations, table } = this.#options
    const actor = table.findByPeer(peer)
    const former = this.#handshakes.get(peer)
    return records.some(
      (record) =>
        associations.repeatsLastFlight(now, edge, peer, actor, record) ||
        (former !== undefined && this.#completes(now, former, record))
    )
  }

  /** Whether the datagram completes a handshake that may not be meant: if not, that says nothing and is not told. */
  #completes(now: number, handshake: HandshakeInProgress, datagram: Uint8Array): boolean {
    const { early, pending, verified } = handshake
    if (verified !== undefined) {
      if (!verified.verifies(this.#crypto, datagram)) return false
      keepEarly(early, datagram)
      return true
    }
    const outcome = pending?.handleDatagram(this.#crypto, now, datagram)
    if (handshake.stage === "needsKey" && this.#tryFinished(now, handshake)) return true
    if (outcome?._tag !== "Established") return false
    this.#conclude(now, handshake, outcome)
    return true
  }

  handlePsk(now: number, token: number, outcome: PskOutcome): void {
    const handshake = this.#asked.get(token)
    if (handshake === undefined) return
    this.#asked.delete(token)
    if (handshake.stage === "expired") {
      handshake.registered = isRegistered(outcome)
      return this.#tellUnfinished(now, handshake)
    }
    if (handshake.wrongKey === "asked") {
      this.#wrongKeys.explain(handshake, outcome.mistakes)
      return this.#refuseKey(now, handshake)
    }
    if (!this.#handshakes.isCurrent(handshake)) return
    switch (outcome._tag) {
      case "Found": {
        const { assetId, closeNotify, credentialVersion, dataFormat, deviceCredentialVersion, downlink } = outcome
        const { piggybackMillis, previous, psk, secretTooShort } = outcome
        handshake.registered = true
        if (handshake.refusal !== undefined) return this.#provide(now, handshake, undefined)
        handshake.facts = {
          assetId,
          credentialVersion,
          dataFormat,
          downlink,
          ...(piggybackMillis !== undefined && { piggybackMillis }),
          ...(closeNotify === "offline" && { closeNotify })
        }
        if (previous !== undefined) handshake.previousVersion = previous.credentialVersion
        if (secretTooShort !== undefined) handshake.secretTooShort = secretTooShort
        if (deviceCredentialVersion !== undefined) handshake.deviceCredentialVersion = deviceCredentialVersion
        return this.#provide(now, handshake, psk, previous?.psk)
      }
      case "Refused":
        handshake.registered = isRegistered(outcome)
        handshake.refusal ??= refusalText(outcome.reason)
        return this.#provide(now, handshake, undefined)
      case "Unavailable":
        return this.#withoutRegistry(now, handshake, outcome.reason)
    }
  }

  /** Forgets the handshakes of a partition that is another node's now. */
  dropPartition(partition: number): void {
    this.#handshakes.dropPartition(partition)
  }

  /** The device's credential has this version now: no handshake under an older one succeeds any more. */
  noteCredential(now: number, productKey: string, deviceKey: string, version: number): void {
    this.#changes.note(now, productKey, deviceKey, version)
  }

  /** False: changes of credentials are not heard, and the registry is asked for every key. */
  noteCredentialsHeard(heard: boolean): void {
    this.#keys.hearsChanges = heard
  }

  expire(now: number): void {
    this.#changes.expire(now)
    this.#handshakes.expire(now, (handshake) => {
      this.#options.counters.handshakesExpired++
      if (handshake.told || handshake.stage === "storing") return
      if (handshake.stage !== "needsKey") return this.#tellUnfinished(now, handshake)
      // No Finished came, so nothing was asked. Whose events tell of it?
      handshake.stage = "expired"
      this.#ask(handshake)
    })
  }

  #tellUnfinished(now: number, handshake: HandshakeInProgress): void {
    const { handshakeMillisMax } = this.#options.config
    this.#refusals.tell(now, handshake, "handshake-unfinished", unfinishedText(handshakeMillisMax))
  }

  /** Once the Finished came. True if it verified under a key that is known here; else the registry is asked. */
  #tryFinished(now: number, handshake: HandshakeInProgress): boolean {
    const { identity, pending } = handshake
    if (!(pending instanceof PendingHandshake) || !pending.hasProtected) return false
    if (this.#tryKnown(now, handshake, pending, this.#keys.findFresh(now, identity))) return true
    handshake.stage = "asked"
    this.#keys.noteQuestion(handshake)
    this.#ask(handshake)
    return false
  }

  /** Where no key is known one is tried that nobody has. */
  #tryKnown(
    now: number,
    handshake: HandshakeInProgress,
    pending: PendingHandshake,
    known: CachedPsk | undefined
  ): boolean {
    const nobodys = this.#crypto.randomBytes(pskBytes)
    const psk = known === undefined ? nobodys : Uint8Array.fromHex(known.psk)
    const outcome = pending.tryPsk(this.#crypto, psk)
    if (outcome === undefined || known === undefined) return false
    handshake.registered = true
    handshake.cached = known
    handshake.facts = known.facts
    handshake.psk = psk
    if (known.secretTooShort) handshake.secretTooShort = true
    this.#conclude(now, handshake, outcome)
    return true
  }

  /** A device whose key is still known gets in; the others are asked about again when they repeat their flight. */
  #withoutRegistry(now: number, handshake: HandshakeInProgress, reason: string): void {
    const { identity, named, pending } = handshake
    if (!(pending instanceof PendingHandshake)) return
    if (this.#tryKnown(now, handshake, pending, this.#keys.find(identity))) return
    const actor = named && this.#options.findActor(named.productKey, named.deviceKey)
    handshake.registered = actor?.session !== undefined
    handshake.stage = "needsKey"
    this.#refusals.tell(now, handshake, "registry-unavailable", reason)
  }

  /** Also for an identity that can't be read, which is no device's: the question and its answer are the same work. */
  #ask(handshake: HandshakeInProgress, mistakes = false): void {
    const { productKey, deviceKey } = handshake.named ?? nobody
    this.#token++
    this.#asked.set(this.#token, handshake)
    const request: PskRequest = { productKey, deviceKey, secureMode: handshake.identity?.secureMode ?? 2 }
    this.#options.ports.askPsk(this.#token, mistakes ? { ...request, mistakes } : request)
  }

  /** `psk` undefined: one that nobody has. In mode 3 two keys are tried always, since a product has a former one at times. */
  #provide(now: number, handshake: HandshakeInProgress, psk: Uint8Array | undefined, previous?: Uint8Array): void {
    const { identity, pending } = handshake
    if (!(pending instanceof PendingHandshake)) return
    const own = this.#crypto.randomBytes(pskBytes)
    const former = this.#crypto.randomBytes(pskBytes)
    handshake.stage = "keyed"
    if (psk !== undefined) handshake.psk = psk
    const second = identity?.secureMode === 3 ? (previous ?? former) : undefined
    this.#conclude(now, handshake, pending.providePsk(this.#crypto, psk ?? own, second))
    const { refusal, told } = handshake
    if (refusal !== undefined && !told) this.#refusals.tell(now, handshake, refusedKind, refusal)
  }

  #conclude(now: number, handshake: HandshakeInProgress, outcome: HandshakeOutcome): void {
    if (outcome._tag === "NeedMore") {
      for (const datagram of outcome.reply) this.#sendTo(handshake.edge, handshake.partition, handshake.peer, datagram)
      return
    }
    if (outcome._tag === "Rejected") {
      // The entry stays: what failed may be forged, and an honest repetition may still come (D10, D18).
      // It may be a copy's, and what came is for the one before, whose key is awaited.
      const { former } = handshake
      if (former !== undefined && former.stage !== "keyed") return
      this.#options.counters.handshakesRefused++
      if (outcome.reason === "RecordUnverifiable") this.#refuseKey(now, handshake)
      else this.#refusals.tell(now, handshake, refusedKind, handshake.refusal ?? rejectText[outcome.reason])
      return
    }
    if (!this.#establish(now, handshake, outcome)) this.#handshakes.remove(handshake)
  }

  /** What is told may wait for the registry, once for each handshake: whatever is wrong, so that all refusals are the same work. */
  #refuseKey(now: number, handshake: HandshakeInProgress): void {
    if (this.#wrongKeys.admit(now, handshake)) this.#ask(handshake, true)
    else if (handshake.wrongKey !== "asked") this.#refusals.tell(now, handshake, refusedKind, keyText(handshake))
  }

  /** Stores the session of a verified handshake, which is answered then. False: it is given up. */
  #establish(
    now: number,
    handshake: HandshakeInProgress,
    outcome: HandshakeOutcome & { readonly _tag: "Established" }
  ): boolean {
    const { actorOf, actorsFull, config, counters, findActor, persistence, table } = this.#options
    const { identity, pending, previousVersion } = handshake
    let { facts } = handshake
    if (facts !== undefined && previousVersion !== undefined && (pending as PendingHandshake).hasPreviousKey) {
      facts = { ...facts, credentialVersion: previousVersion }
      const why = "the device still has the product's former secret"
      this.#refusals.tell(now, handshake, "product-secret-outdated", why)
    }
    // Without facts its key was one that nobody has.
    if (identity === undefined || facts === undefined) return false
    const stored = handshake.repeated === true ? findActor(identity.productKey, identity.deviceKey)?.session : undefined
    // The former owner stored it: its own Finished answers the device's next repetition.
    if (stored !== undefined && stored.dtls.hasKeysOf(outcome.session)) return false
    if (!table.isCidFree(outcome.session)) {
      const why = "the connection id was taken; the device's next attempt gets another"
      this.#refusals.tell(now, handshake, refusedKind, why)
      return false
    }
    if (this.#isOutdated(now, handshake, facts) || this.#wouldDisplace(now, handshake, identity)) return false
    if (actorsFull() && findActor(identity.productKey, identity.deviceKey)?.session === undefined) {
      counters.handshakesOverLimit++
      const why = "this node holds as many devices as it may (devicesMax). Start another session-actors node"
      this.#refusals.tell(now, handshake, refusedKind, why)
      return false
    }
    const actor = actorOf(identity.productKey, identity.deviceKey)
    if (actor === undefined) {
      counters.notOwned++
      return false
    }
    if (pending instanceof PendingHandshake && actor.repeatsRandom(pending.clientRandomBits)) {
      this.#refusals.tell(now, handshake, "client-random-repeated", randomText)
    }
    const session = newSession(this.#options, now, handshake, identity, facts, outcome.session)
    handshake.stage = "storing"
    handshake.verified = outcome.session
    if (pending instanceof PendingHandshake) handshake.pending = undefined
    handshake.early = [...outcome.early]
    persistence.establish(now, actor, session, now + config.handshakeMillisMax, (at) =>
      this.#established(at, handshake, actor, session, outcome.reply)
    )
    return true
  }

  /** The newest verified handshake wins (contract §7.17); queue and presence stay with the actor. */
  #established(
    now: number,
    handshake: HandshakeInProgress,
    actor: DeviceActor,
    session: DeviceSession,
    reply: ReadonlyArray<Uint8Array>
  ): void {
    const { associations, counters, established, table } = this.#options
    const { edge, peer } = handshake
    const previous = actor.session
    this.#handshakes.remove(handshake)
    if (this.#isOutdated(now, handshake, session.facts)) {
      this.#options.persistence.remove(actor)
      return
    }
    session.online = session.secureMode === 2 && previous?.online === true
    if (handshake.pending instanceof PendingResumption) counters.handshakesResumed++
    counters.handshakesEstablished++
    if (session.secureMode === 2) this.#keys.keep(actor, handshake, session.facts)
    if (previous !== undefined && previous.secureMode === session.secureMode) this.#inherit(now, session, previous)
    actor.session = session
    if (previous === undefined) table.bind(actor)
    else table.rebind(actor, previous)
    for (const datagram of reply) associations.answer(actor, session, datagram)
    associations.announceHandshake(edge, actor, peer)
    established(now, actor)
    if (previous !== undefined && !(handshake.pending instanceof PendingResumption)) {
      this.#refusals.tellReplaced(now, handshake, previous)
    }
    if (handshake.secretTooShort) this.#refusals.tell(now, handshake, "secret-too-short", secretTooShortText)
    for (const datagram of handshake.early ?? []) {
      if (actor.session === session) associations.open(now, edge, peer, actor, session, datagram)
    }
  }

  /** What the device said in the session before tells copies apart from new messages in this one (RFC 7252 §4.5). */
  #inherit(now: number, session: DeviceSession, previous: DeviceSession): void {
    const resumed = session.scope === previous.scope
    if (resumed) session.recalled = previous.recalled
    else session.formerScope = previous.scope
    if (previous.exchanges === undefined) return
    session.exchanges = exchangesOf(session, this.#options.random)
    session.exchanges.inherit(now, previous.exchanges, resumed ? "Resumed" : "Renewed")
    if (session.exchanges.isIdle) session.exchanges = undefined
  }

  /** The key was the device's own when it was asked for, and is not any more: silence, as for any wrong key. */
  #isOutdated(now: number, handshake: HandshakeInProgress, { credentialVersion }: DeviceFacts): boolean {
    const { identity } = handshake
    if (identity === undefined || identity.secureMode !== 2) return false
    if (!this.#changes.isOutdated(identity.productKey, identity.deviceKey, credentialVersion)) return false
    this.#options.counters.handshakesRefused++
    this.#refusals.tell(now, handshake, refusedKind, credentialChangedText)
    return true
  }

  /**
   * Who has the product's secret does not end the session of a device that has its own. Only one made with a secret that
   * the registry has replaced since gives way, and is told offline first.
   */
  #wouldDisplace(now: number, handshake: HandshakeInProgress, identity: PskIdentity): boolean {
    if (identity.secureMode !== 3) return false
    const { counters, findActor, persistence, revoke } = this.#options
    const actor = findActor(identity.productKey, identity.deviceKey)
    if (actor === undefined) return false
    const { deviceCredentialVersion = 0 } = handshake
    for (const session of [persistence.candidateOf(actor), actor.session]) {
      if (session?.secureMode !== 2 || session.revoked) continue
      if (session.facts.credentialVersion >= deviceCredentialVersion) {
        counters.handshakesRefused++
        this.#refusals.tell(now, handshake, refusedKind, displacingText)
        return true
      }
      if (session === actor.session) revoke(now, actor, session)
    }
    return false
  }

  #sendTo(edge: EdgeLink, partition: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.#options.counters.datagramsOut++
    this.#options.edges.add(edge, FrameKind.Send, partition, peer, datagram)
  }
}
