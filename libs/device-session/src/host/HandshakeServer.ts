import { type DeviceEventKind, FrameKind, type PeerAddress, type PskRequest } from "@roost/contracts"
import { type Crypto, type HandshakeOutcome, PendingHandshake, PendingResumption } from "@roost/dtls"
import { parseIdentity, pskBytes, type PskIdentity } from "@roost/enos"
import * as Result from "effect/Result"
import { CredentialChanges } from "../handshakes/CredentialChanges.ts"
import { belongsTo, keepEarly } from "../handshakes/HandshakeDatagrams.ts"
import { type HandshakeInProgress, type Handshakes, namedBy, nobody } from "../handshakes/Handshakes.ts"
import {
  credentialChangedText,
  displacingText,
  refusedKind,
  rejectText,
  unfinishedText
} from "../handshakes/HandshakeTexts.ts"
import { KnownKeys } from "../handshakes/KnownKeys.ts"
import { newSession } from "../handshakes/NewSession.ts"
import { keyText, WrongKeys } from "../handshakes/WrongKeys.ts"
import type { CachedPsk, DeviceFacts } from "../state/DeviceFacts.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import { isRegistered, type PskOutcome } from "../state/Outcomes.ts"
import { refusalText } from "../state/RefusalTexts.ts"
import { candidateOf } from "../state/Saving.ts"
import type { Devices } from "./Devices.ts"
import type { HandshakeRefusals } from "./HandshakeRefusals.ts"
import type { HandshakeServerOptions } from "./HandshakeServerOptions.ts"
import type { HostTurn } from "./HostTurn.ts"
import { Resumptions } from "./Resumptions.ts"

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
  readonly #turn: HostTurn
  readonly #crypto: Crypto
  readonly #devices: Devices
  readonly #handshakes: Handshakes
  readonly #asked = new Map<number, HandshakeInProgress>()
  readonly #changes: CredentialChanges
  readonly #keys: KnownKeys
  readonly #refusals: HandshakeRefusals
  readonly #wrongKeys: WrongKeys
  readonly resumptions: Resumptions
  #token = 0

  constructor(options: HandshakeServerOptions) {
    const { devices, handshakes, refusals, turn } = options
    this.#options = options
    this.#turn = turn
    this.#crypto = turn.crypto
    this.#devices = devices
    this.#handshakes = handshakes
    this.#refusals = refusals
    this.#keys = new KnownKeys(devices, turn.profiles)
    this.#wrongKeys = new WrongKeys(turn.crypto)
    this.resumptions = new Resumptions(options)
    // As long as a handshake may take to verify, and as long again to be stored.
    this.#changes = new CredentialChanges(2 * turn.config.handshakeMillisMax)
  }

  get size(): number {
    return this.#handshakes.size
  }

  /**
   * An edge read the ClientKeyExchange. `half` is copied if the handshake outlives this call: the frame does not. `repeated`: it
   * was given to an owner of the partition before, a former one or this one, who did not confirm it.
   */
  begin(edge: EdgeLink, partition: number, peer: PeerAddress, half: Uint8Array, repeated = false): void {
    const { counters } = this.#turn
    const pending = PendingHandshake.fromHalf(half)
    if (Result.isFailure(pending)) {
      counters.dropped("HalfHandshakeMalformed")
      return
    }
    if (repeated && this.#isKnown(edge, peer, pending.success)) return
    if (this.#isRepetition(edge, peer, pending.success.waiting)) return
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
      startedAt: this.#turn.now,
      repeated,
      stage: "needsKey",
      refusal: Result.isSuccess(parsed) ? undefined : parsed.failure.message,
      facts: undefined
    }
    if (this.#handshakes.add(handshake) !== undefined) counters.handshakesOverLimit++
    // What is established keeps nothing of the frame.
    if (!this.#tryFinished(handshake)) pending.success.own()
  }

  /** Whether a half that was repeated is of a handshake that goes on here, or of a session, of which the edge is told then. */
  #isKnown(edge: EdgeLink, peer: PeerAddress, pending: PendingHandshake): boolean {
    if (this.#handshakes.has(peer, pending)) return true
    const { table } = this.#devices
    const device = pending.sessionIds.map((sessionId) => table.findBySessionId(sessionId)).find((found) => found)
    if (device === undefined) return false
    // The session's own Finished answers the repeated flight behind the half.
    this.#options.transmissions.route(edge, device, peer)
    return true
  }

  /** True if the datagram was one of a handshake in progress. */
  continueHandshake(edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array): boolean {
    const handshake = this.#handshakes.find(edge, peer, datagram)
    if (handshake === undefined) return false
    const { former } = handshake
    const isOfFormer = former !== undefined && belongsTo(former, datagram)
    if (!isOfFormer && !belongsTo(handshake, datagram)) return false
    const device = this.#devices.table.findByPeer(peer)
    if (this.#devices.repeatsLastFlight(device, edge, peer, datagram)) return true
    if (isOfFormer && this.#completes(former, datagram)) return true
    const { early, pending } = handshake
    if (handshake.stage === "storing" || pending === undefined) {
      keepEarly(early, datagram)
      return true
    }
    this.#conclude(handshake, pending.handleDatagram(this.#crypto, this.#turn.now, datagram))
    // The Finished came by itself, or it is the device's retransmission: the moment to ask again if the registry did not answer.
    if (handshake.stage === "needsKey") this.#tryFinished(handshake)
    return true
  }

  /**
   * Data that no session here can read. A device whose Finished was lost in a resumption sends nothing else, without anything
   * in it that names the session to be.
   */
  continueUnread(peer: PeerAddress, datagram: Uint8Array): boolean {
    const handshake = this.#handshakes.get(peer)
    if (handshake?.stage !== "keyed" || !(handshake.pending instanceof PendingResumption)) return false
    const outcome = handshake.pending.handleDatagram(this.#crypto, this.#turn.now, datagram)
    // It may be anybody's.
    if (outcome._tag !== "Rejected") this.#conclude(handshake, outcome)
    return true
  }

  /**
   * Whether what came with a key exchange is the last flight of the handshake before, repeated since our answer was lost. A
   * late copy of its ClientHello has begun another one then, which its client knows nothing of.
   */
  #isRepetition(edge: EdgeLink, peer: PeerAddress, records: ReadonlyArray<Uint8Array>): boolean {
    const device = this.#devices.table.findByPeer(peer)
    const former = this.#handshakes.get(peer)
    return records.some(
      (record) =>
        this.#devices.repeatsLastFlight(device, edge, peer, record) ||
        (former !== undefined && this.#completes(former, record))
    )
  }

  /** Whether the datagram completes a handshake that may not be meant: if not, that says nothing and is not told. */
  #completes(handshake: HandshakeInProgress, datagram: Uint8Array): boolean {
    const { early, pending, verified } = handshake
    if (verified !== undefined) {
      if (!verified.verifies(this.#crypto, datagram)) return false
      keepEarly(early, datagram)
      return true
    }
    const outcome = pending?.handleDatagram(this.#crypto, this.#turn.now, datagram)
    if (handshake.stage === "needsKey" && this.#tryFinished(handshake)) return true
    if (outcome?._tag !== "Established") return false
    this.#conclude(handshake, outcome)
    return true
  }

  handlePsk(token: number, outcome: PskOutcome): void {
    const handshake = this.#asked.get(token)
    if (handshake === undefined) return
    this.#asked.delete(token)
    if (handshake.stage === "expired") {
      handshake.registered = isRegistered(outcome)
      return this.#tellUnfinished(handshake)
    }
    if (handshake.wrongKey === "asked") {
      this.#wrongKeys.explain(handshake, outcome.mistakes)
      return this.#refuseKey(handshake)
    }
    if (!this.#handshakes.isCurrent(handshake)) return
    switch (outcome._tag) {
      case "Found": {
        const { assetId, closeNotify, credentialVersion, dataFormat, deviceCredentialVersion, downlink } = outcome
        const { piggybackMillis, previous, psk, secretTooShort } = outcome
        handshake.registered = true
        if (handshake.refusal !== undefined) return this.#provide(handshake, undefined)
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
        return this.#provide(handshake, psk, previous?.psk)
      }
      case "Refused":
        handshake.registered = isRegistered(outcome)
        handshake.refusal ??= refusalText(outcome.reason)
        return this.#provide(handshake, undefined)
      case "Unavailable":
        return this.#withoutRegistry(handshake, outcome.reason)
    }
  }

  /** Forgets the handshakes of a partition that is another node's now. */
  dropPartition(partition: number): void {
    this.#handshakes.dropPartition(partition)
  }

  /** The device's credential has this version now: no handshake under an older one succeeds any more. */
  noteCredential(productKey: string, deviceKey: string, version: number): void {
    this.#changes.note(this.#turn.now, productKey, deviceKey, version)
  }

  /** False: changes of credentials are not heard, and the registry is asked for every key. */
  noteCredentialsHeard(heard: boolean): void {
    this.#keys.hearsChanges = heard
  }

  expire(): void {
    this.#changes.expire(this.#turn.now)
    this.#handshakes.expire(this.#turn.now, (handshake) => {
      this.#turn.counters.handshakesExpired++
      if (handshake.told || handshake.stage === "storing") return
      if (handshake.stage !== "needsKey") return this.#tellUnfinished(handshake)
      // No Finished came, so nothing was asked. Whose events tell of it?
      handshake.stage = "expired"
      this.#ask(handshake)
    })
  }

  #tellUnfinished(handshake: HandshakeInProgress): void {
    const { handshakeMillisMax } = this.#turn.config
    this.#refuse(handshake, "handshake-unfinished", unfinishedText(handshakeMillisMax))
  }

  /** Once the Finished came. True if it verified under a key that is known here; else the registry is asked. */
  #tryFinished(handshake: HandshakeInProgress): boolean {
    const { identity, pending } = handshake
    if (!(pending instanceof PendingHandshake) || !pending.hasProtected) return false
    if (this.#tryKnown(handshake, pending, this.#keys.findFresh(this.#turn.now, identity))) return true
    handshake.stage = "asked"
    this.#keys.noteQuestion(handshake)
    this.#ask(handshake)
    return false
  }

  /** Where no key is known one is tried that nobody has. */
  #tryKnown(handshake: HandshakeInProgress, pending: PendingHandshake, known: CachedPsk | undefined): boolean {
    const nobodys = this.#crypto.randomBytes(pskBytes)
    const psk = known === undefined ? nobodys : Uint8Array.fromHex(known.psk)
    const outcome = pending.tryPsk(this.#crypto, psk)
    if (outcome === undefined || known === undefined) return false
    handshake.registered = true
    handshake.cached = known
    handshake.facts = known.facts
    handshake.psk = psk
    if (known.secretTooShort) handshake.secretTooShort = true
    this.#conclude(handshake, outcome)
    return true
  }

  /** A device whose key is still known gets in; the others are asked about again when they repeat their flight. */
  #withoutRegistry(handshake: HandshakeInProgress, reason: string): void {
    const { identity, named, pending } = handshake
    if (!(pending instanceof PendingHandshake)) return
    if (this.#tryKnown(handshake, pending, this.#keys.find(identity))) return
    const device = named && this.#devices.find(named.productKey, named.deviceKey)
    handshake.registered = device?.session !== undefined
    handshake.stage = "needsKey"
    this.#refuse(handshake, "registry-unavailable", reason)
  }

  /** Also for an identity that can't be read, which is no device's: the question and its answer are the same work. */
  #ask(handshake: HandshakeInProgress, mistakes = false): void {
    const { productKey, deviceKey } = handshake.named ?? nobody
    this.#token++
    this.#asked.set(this.#token, handshake)
    const request: PskRequest = { productKey, deviceKey, secureMode: handshake.identity?.secureMode ?? 2 }
    const asked = mistakes ? { ...request, mistakes } : request
    this.#options.carryOut({ _tag: "AskKey", token: this.#token, request: asked })
  }

  /** `psk` undefined: one that nobody has. In mode 3 two keys are tried always, since a product has a former one at times. */
  #provide(handshake: HandshakeInProgress, psk: Uint8Array | undefined, previous?: Uint8Array): void {
    const { identity, pending } = handshake
    if (!(pending instanceof PendingHandshake)) return
    const own = this.#crypto.randomBytes(pskBytes)
    const former = this.#crypto.randomBytes(pskBytes)
    handshake.stage = "keyed"
    if (psk !== undefined) handshake.psk = psk
    const second = identity?.secureMode === 3 ? (previous ?? former) : undefined
    this.#conclude(handshake, pending.providePsk(this.#crypto, psk ?? own, second))
    const { refusal, told } = handshake
    if (refusal !== undefined && !told) this.#refuse(handshake, refusedKind, refusal)
  }

  #conclude(handshake: HandshakeInProgress, outcome: HandshakeOutcome): void {
    if (outcome._tag === "NeedMore") {
      for (const datagram of outcome.reply) this.#sendTo(handshake.edge, handshake.partition, handshake.peer, datagram)
      return
    }
    if (outcome._tag === "Rejected") {
      // The entry stays: what failed may be forged, and an honest repetition may still come (D10, D18).
      // It may be a copy's, and what came is for the one before, whose key is awaited.
      const { former } = handshake
      if (former !== undefined && former.stage !== "keyed") return
      this.#turn.counters.handshakesRefused++
      if (outcome.reason === "RecordUnverifiable") this.#refuseKey(handshake)
      else this.#refuse(handshake, refusedKind, handshake.refusal ?? rejectText[outcome.reason])
      return
    }
    if (!this.#establish(handshake, outcome)) this.#handshakes.remove(handshake)
  }

  /** What is told may wait for the registry, once for each handshake: whatever is wrong, so that all refusals are the same work. */
  #refuseKey(handshake: HandshakeInProgress): void {
    if (this.#wrongKeys.admit(this.#turn.now, handshake)) this.#ask(handshake, true)
    else if (handshake.wrongKey !== "asked") this.#refuse(handshake, refusedKind, keyText(handshake))
  }

  /** Stores the session of a verified handshake, which is answered then. False: it is given up. */
  #establish(handshake: HandshakeInProgress, outcome: HandshakeOutcome & { readonly _tag: "Established" }): boolean {
    const devices = this.#devices
    const { counters } = this.#turn
    const { identity, pending, previousVersion } = handshake
    let { facts } = handshake
    if (facts !== undefined && previousVersion !== undefined && (pending as PendingHandshake).hasPreviousKey) {
      facts = { ...facts, credentialVersion: previousVersion }
      this.#refuse(handshake, "product-secret-outdated", "the device still has the product's former secret")
    }
    // Without facts its key was one that nobody has.
    if (identity === undefined || facts === undefined) return false
    const known = devices.find(identity.productKey, identity.deviceKey)
    const sessions = known === undefined ? [] : [known.session, candidateOf(known)]
    // It was begun twice, by a former owner or by a copy of what its device sent, and its keys protect other records by now. Its
    // own Finished answers the device's next repetition.
    if (sessions.some((session) => session?.dtls.hasKeysOf(outcome.session))) return false
    if (!devices.table.isCidFree(outcome.session)) {
      const why = "the connection id was taken; the device's next attempt gets another"
      this.#refuse(handshake, refusedKind, why)
      return false
    }
    if (this.#isOutdated(handshake, facts) || this.#wouldDisplace(handshake, identity)) return false
    if (devices.areFull && known?.session === undefined) {
      counters.handshakesOverLimit++
      const why = "this node holds as many devices as it may (devicesMax). Start another session-actors node"
      this.#refuse(handshake, refusedKind, why)
      return false
    }
    const device = devices.findOrMake(identity.productKey, identity.deviceKey)
    if (device === undefined) {
      counters.notOwned++
      return false
    }
    const isResumption = pending instanceof PendingResumption
    const scope = isResumption ? device.session?.scope : undefined
    const session = newSession(this.#turn, handshake, { identity, facts, dtls: outcome.session, scope })
    const early = [...outcome.early]
    handshake.stage = "storing"
    handshake.verified = outcome.session
    handshake.early = early
    if (!isResumption) handshake.pending = undefined
    const candidate = {
      session,
      until: this.#turn.now + this.#turn.config.handshakeMillisMax,
      edge: handshake.edge,
      peer: handshake.peer,
      reply: outcome.reply,
      early,
      isResumption,
      psk: this.#keys.learned(handshake, facts),
      secretTooShort: handshake.secretTooShort === true,
      handshake,
      outdated: false
    }
    const clientRandomBits = pending instanceof PendingHandshake ? pending.clientRandomBits : undefined
    devices.run(device, { _tag: "Verified", candidate, clientRandomBits })
    return true
  }

  /** The key was the device's own when it was asked for, and is not any more: silence, as for any wrong key. */
  #isOutdated(handshake: HandshakeInProgress, { credentialVersion }: DeviceFacts): boolean {
    const { identity } = handshake
    if (identity === undefined || identity.secureMode !== 2) return false
    if (!this.#changes.isOutdated(identity.productKey, identity.deviceKey, credentialVersion)) return false
    this.#turn.counters.handshakesRefused++
    this.#refuse(handshake, refusedKind, credentialChangedText)
    return true
  }

  /**
   * Who has the product's secret does not end the session of a device that has its own. Only one made with a secret that
   * the registry has replaced since gives way, and is told offline first.
   */
  #wouldDisplace(handshake: HandshakeInProgress, identity: PskIdentity): boolean {
    if (identity.secureMode !== 3) return false
    const device = this.#devices.find(identity.productKey, identity.deviceKey)
    if (device === undefined) return false
    const { deviceCredentialVersion = 0 } = handshake
    for (const session of [candidateOf(device), device.session]) {
      if (session?.secureMode !== 2 || session.revoked) continue
      if (session.facts.credentialVersion >= deviceCredentialVersion) {
        this.#turn.counters.handshakesRefused++
        this.#refuse(handshake, refusedKind, displacingText)
        return true
      }
      if (session === device.session) this.#devices.run(device, { _tag: "Revoked" })
    }
    return false
  }

  /** Tells operators why. */
  #refuse(handshake: HandshakeInProgress, kind: DeviceEventKind, reason: string): void {
    this.#refusals.tell(this.#turn.now, handshake, kind, reason)
  }

  #sendTo(edge: EdgeLink, partition: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.#turn.counters.datagramsOut++
    this.#options.edges.add(edge, FrameKind.Send, partition, peer, datagram)
  }
}
