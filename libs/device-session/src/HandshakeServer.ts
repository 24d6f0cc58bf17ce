import { formatPeerAddress, FrameKind, type PeerAddress, type PskRequest } from "@roost/contracts"
import {
  ContentType,
  type Crypto,
  type HandshakeOutcome,
  peekRecord,
  PendingHandshake,
  PendingResumption,
  resumeHandshake,
  resumeSessionId,
  type Session
} from "@roost/dtls"
import { type IdentityError, parseIdentity, pskBytes, type PskIdentity } from "@roost/enos"
import * as Result from "effect/Result"
import type { Associations } from "./Associations.ts"
import type { Counters } from "./Counters.ts"
import { CredentialChanges } from "./CredentialChanges.ts"
import { type DeviceActor, type DeviceFacts, type DeviceSession } from "./DeviceActor.ts"
import type { DeviceSessionConfig } from "./DeviceSessionConfig.ts"
import type { EdgeLink, EdgeLinks } from "./EdgeLinks.ts"
import type { Events } from "./Events.ts"
import { type HandshakeInProgress, Handshakes } from "./Handshakes.ts"
import type { Persistence } from "./Persistence.ts"
import type { Ports, PskOutcome } from "./Ports.ts"
import { type SessionTable } from "./SessionTable.ts"
import { type Held, kindBit } from "./Takeover.ts"

/** What handshakes need of the host, and tell it. */
export interface HandshakeServerOptions {
  readonly config: DeviceSessionConfig
  readonly ports: Ports
  readonly crypto: Crypto
  readonly counters: Counters
  readonly events: Events
  readonly edges: EdgeLinks
  readonly table: SessionTable
  readonly persistence: Persistence
  readonly associations: Associations
  /** Undefined: there is none. */
  readonly findActor: (productKey: string, deviceKey: string) => DeviceActor | undefined
  /** Made if there is none. Undefined: its partition is another node's. */
  readonly actorOf: (productKey: string, deviceKey: string) => DeviceActor | undefined
  /** Something came for a session that is as it came from the store. */
  readonly hold: (actor: DeviceActor, session: DeviceSession, held: Held) => void
  /** What the wall clock says of a moment of the host's clock. */
  readonly wallOf: (now: number) => number
  readonly actorsFull: () => boolean
  /** A handshake verified; `actor.session` is the new one. */
  readonly established: (now: number, actor: DeviceActor) => void
}

/** Handshakes that edges handed over: key, Finished, the session stored, and only then the answer (design §2.3). */
export class HandshakeServer {
  readonly #options: HandshakeServerOptions
  readonly #crypto: Crypto
  readonly #handshakes: Handshakes
  readonly #asked = new Map<number, HandshakeInProgress>()
  readonly #changes: CredentialChanges
  #token = 0

  constructor(options: HandshakeServerOptions) {
    this.#options = options
    this.#crypto = options.crypto
    this.#handshakes = new Handshakes(options.config.handshakesMax, options.config.handshakeMillisMax)
    // As long as a handshake may take to verify, and as long again to be stored.
    this.#changes = new CredentialChanges(2 * options.config.handshakeMillisMax)
  }

  get size(): number {
    return this.#handshakes.size
  }

  /** An edge read the ClientKeyExchange. `half` is copied if the handshake outlives this call: the frame does not. */
  begin(now: number, edge: EdgeLink, partition: number, peer: PeerAddress, half: Uint8Array): void {
    const { counters } = this.#options
    const pending = PendingHandshake.fromHalf(half)
    if (Result.isFailure(pending)) {
      counters.dropped("HalfHandshakeMalformed")
      return
    }
    counters.handshakesStarted++
    const parsed = parseIdentity(pending.success.identity)
    const handshake: HandshakeInProgress = {
      peer,
      edge,
      pending: pending.success,
      identity: Result.isSuccess(parsed) ? parsed.success : undefined,
      partition,
      startedAt: now,
      stage: "needsKey",
      refusal: undefined,
      facts: undefined
    }
    if (this.#handshakes.add(handshake) !== undefined) counters.handshakesOverLimit++
    if (Result.isSuccess(parsed)) this.#askKey(now, handshake, parsed.success)
    else this.#refuse(now, handshake, parsed.failure)
    if (handshake.stage !== "storing") pending.success.own()
  }

  #refuse(now: number, handshake: HandshakeInProgress, failure: IdentityError): void {
    const { productKey, deviceKey, message } = failure
    if (productKey !== undefined && deviceKey !== undefined) {
      this.#options.events.happened(
        now,
        { productKey, deviceKey },
        refusedKind,
        formatPeerAddress(handshake.peer),
        message
      )
    }
    handshake.refusal = message
    this.#provide(now, handshake, this.#crypto.randomBytes(pskBytes))
  }

  /** True if the datagram was one of a handshake in progress. */
  continueHandshake(now: number, peer: PeerAddress, datagram: Uint8Array): boolean {
    const handshake = this.#handshakes.get(peer)
    if (handshake === undefined || !belongsTo(handshake, datagram)) return false
    const { early, pending, identity } = handshake
    if (handshake.stage === "storing" || pending === undefined) {
      if (early !== undefined && fits(early, datagram)) early.push(new Uint8Array(datagram))
      return true
    }
    this.#conclude(now, handshake, pending.handleDatagram(this.#crypto, now, datagram))
    // The registry did not answer the first time; the device's retransmission is the moment to ask again.
    if (handshake.stage === "needsKey" && identity !== undefined) this.#askKey(now, handshake, identity)
    return true
  }

  handlePsk(now: number, token: number, outcome: PskOutcome): void {
    const handshake = this.#asked.get(token)
    if (handshake === undefined) return
    this.#asked.delete(token)
    const { identity } = handshake
    if (identity === undefined || !this.#handshakes.isCurrent(handshake)) return
    switch (outcome._tag) {
      case "Found": {
        const { assetId, credentialVersion, dataFormat, downlink, previous, psk } = outcome
        handshake.facts = { assetId, credentialVersion, dataFormat, downlink }
        if (previous !== undefined) handshake.previousVersion = previous.credentialVersion
        this.#provide(now, handshake, psk, previous?.psk)
        break
      }
      case "Refused":
        handshake.refusal = `the registry refused: ${outcome.reason}`
        this.#provide(now, handshake, this.#crypto.randomBytes(pskBytes))
        break
      case "Unavailable":
        handshake.stage = "needsKey"
        this.#happened(now, handshake, "registry-unavailable", outcome.reason)
        break
    }
  }

  /** A device asks to resume. False if its session is not here: another node may have it. */
  resume(now: number, edge: EdgeLink, peer: PeerAddress, hello: Uint8Array): boolean {
    const { counters, edges, table } = this.#options
    const running = this.#handshakes.get(peer)
    if (running?.pending instanceof PendingResumption && running.pending.answers(hello)) {
      edges.add(edge, FrameKind.ResumeTaken, running.partition, peer, noBytes)
      for (const datagram of running.pending.sendFlight(this.#crypto))
        edges.add(edge, FrameKind.Send, 0, peer, datagram)
      return true
    }
    const sessionId = resumeSessionId(hello)
    const actor = sessionId === undefined ? undefined : table.findBySessionId(sessionId)
    const session = actor?.session
    if (actor === undefined || session === undefined || session.revoked) return false
    const own = new Uint8Array(hello)
    if (session.restored !== undefined) {
      this.#options.hold(actor, session, { edge, kind: FrameKind.ResumeHello, partition: 0, peer, body: own })
      return true
    }
    const outcome = resumeHandshake({ crypto: this.#crypto, hello: own, session: session.dtls })
    if (Result.isFailure(outcome) || outcome.success._tag === "Missed") return true
    edges.add(edge, FrameKind.ResumeTaken, actor.partition, peer, noBytes)
    for (const datagram of outcome.success.reply) edges.add(edge, FrameKind.Send, actor.partition, peer, datagram)
    if (outcome.success._tag === "Aborted") return true
    const { deviceKey, productKey, secureMode } = session
    const lifetimeSeconds = session.lifetimeMillis / 1000
    counters.handshakesStarted++
    const displaced = this.#handshakes.add({
      peer,
      edge,
      pending: outcome.success.pending,
      identity: { productKey, deviceKey, secureMode, lifetimeSeconds },
      startedAt: now,
      stage: "keyed",
      refusal: undefined,
      facts: session.facts,
      partition: actor.partition
    })
    if (displaced !== undefined) counters.handshakesOverLimit++
    return true
  }

  /** Forgets the handshakes of a partition that is another node's now. */
  dropPartition(partition: number): void {
    this.#handshakes.dropPartition(partition)
  }

  /** The device's credential has this version now: no handshake under an older one succeeds any more. */
  noteCredential(now: number, productKey: string, deviceKey: string, version: number): void {
    this.#changes.note(now, productKey, deviceKey, version)
  }

  expire(now: number): void {
    this.#changes.expire(now)
    this.#handshakes.expire(now, () => this.#options.counters.handshakesExpired++)
  }

  #askKey(now: number, handshake: HandshakeInProgress, identity: PskIdentity): void {
    const { findActor, ports } = this.#options
    const { productKey, deviceKey, secureMode } = identity
    handshake.stage = "asked"
    const cached = secureMode === 2 ? findActor(productKey, deviceKey)?.psk : undefined
    if (cached !== undefined) {
      handshake.facts = cached.facts
      handshake.cached = cached
      this.#provide(now, handshake, Uint8Array.fromHex(cached.psk))
      return
    }
    this.#token++
    this.#asked.set(this.#token, handshake)
    const request: PskRequest = { productKey, deviceKey, secureMode }
    ports.askPsk(this.#token, request)
  }

  #provide(now: number, handshake: HandshakeInProgress, psk: Uint8Array, previous?: Uint8Array): void {
    const { pending } = handshake
    if (!(pending instanceof PendingHandshake)) return
    handshake.stage = "keyed"
    handshake.psk = psk
    this.#conclude(now, handshake, pending.providePsk(this.#crypto, psk, previous))
  }

  #conclude(now: number, handshake: HandshakeInProgress, outcome: HandshakeOutcome): void {
    if (outcome._tag === "NeedMore") {
      for (const datagram of outcome.reply) this.#sendTo(handshake.edge, handshake.partition, handshake.peer, datagram)
      return
    }
    if (outcome._tag === "Rejected") {
      // The entry stays: what failed may be forged, and an honest repetition may still come (D10, D18).
      this.#options.counters.handshakesRefused++
      const why = handshake.refusal ?? rejectText[outcome.reason]
      this.#happened(now, handshake, refusedKind, why)
      return
    }
    if (!this.#establish(now, handshake, outcome)) this.#handshakes.remove(handshake)
  }

  /** Stores the session of a verified handshake, which is answered then. False: it is given up. */
  #establish(
    now: number,
    handshake: HandshakeInProgress,
    outcome: HandshakeOutcome & { readonly _tag: "Established" }
  ): boolean {
    const { actorOf, actorsFull, config, counters, persistence, table } = this.#options
    const { identity, pending, previousVersion } = handshake
    let { facts } = handshake
    if (facts !== undefined && previousVersion !== undefined && (pending as PendingHandshake).hasPreviousKey) {
      facts = { ...facts, credentialVersion: previousVersion }
      this.#happened(now, handshake, "product-secret-outdated", "the device still has the product's former secret")
    }
    if (identity === undefined || facts === undefined || !table.isCidFree(outcome.session)) {
      this.#happened(now, handshake, refusedKind, "the connection id was taken; the device's next attempt gets another")
      return false
    }
    if (this.#isOutdated(now, handshake, facts)) return false
    if (actorsFull() && this.#options.findActor(identity.productKey, identity.deviceKey)?.session === undefined) {
      counters.handshakesOverLimit++
      this.#happened(now, handshake, refusedKind, "this node holds as many devices as it may (devicesMax)")
      return false
    }
    const actor = actorOf(identity.productKey, identity.deviceKey)
    if (actor === undefined) {
      counters.notOwned++
      return false
    }
    const session = this.#sessionOf(now, handshake, identity, facts, outcome.session)
    handshake.stage = "storing"
    handshake.verified = outcome.session
    if (pending instanceof PendingHandshake) handshake.pending = undefined
    handshake.early = [...outcome.early]
    persistence.establish(now, actor, session, now + config.handshakeMillisMax, (at) =>
      this.#established(at, handshake, actor, session, outcome.reply)
    )
    return true
  }

  /** The newest verified handshake wins (design §3, 17); queue and presence stay with the actor. */
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
    if (session.secureMode === 2 && handshake.psk !== undefined) {
      // The key as it was cached, unless the cache was dropped or filled anew meanwhile: then with its facts.
      const { cached } = handshake
      actor.psk = cached?.facts === session.facts ? cached : { psk: handshake.psk.toHex(), facts: session.facts }
    }
    actor.session = session
    if (previous === undefined) table.bind(actor)
    else table.rebind(actor, previous)
    for (const datagram of reply) this.#sendTo(edge, actor.partition, peer, datagram)
    associations.announceHandshake(edge, actor, peer)
    established(now, actor)
    for (const datagram of handshake.early ?? []) {
      if (actor.session === session) associations.open(now, edge, peer, actor, session, datagram)
    }
  }

  /** The key was the device's own when it was asked for, and is not any more: silence, as for any wrong key. */
  #isOutdated(now: number, handshake: HandshakeInProgress, { credentialVersion }: DeviceFacts): boolean {
    const { identity } = handshake
    if (identity === undefined || identity.secureMode !== 2) return false
    if (!this.#changes.isOutdated(identity.productKey, identity.deviceKey, credentialVersion)) return false
    this.#options.counters.handshakesRefused++
    const why = "the device's credential changed, or it was disabled or deleted, during its handshake"
    this.#happened(now, handshake, refusedKind, why)
    return true
  }

  #sessionOf(
    now: number,
    handshake: HandshakeInProgress,
    identity: PskIdentity,
    facts: DeviceFacts,
    dtls: Session
  ): DeviceSession {
    // Nothing more is sealed until the first block is stored with it.
    dtls.writeLimit = dtls.writeSequence
    return {
      productKey: identity.productKey,
      deviceKey: identity.deviceKey,
      secureMode: identity.secureMode,
      lifetimeMillis: identity.lifetimeSeconds * 1000,
      dtls,
      handle: hex(this.#crypto.randomBytes(handleBytes)),
      facts,
      revoked: false,
      exchanges: undefined,
      lastTopic: undefined,
      peer: handshake.peer,
      edge: handshake.edge,
      path: undefined,
      lastSeenAt: now,
      online: false,
      requestsLeft: this.#options.config.requestsBurstMax,
      requestsAt: now,
      establishedAt: this.#options.wallOf(now),
      savedSeenAt: 0,
      kinds: kindBit("measurepoint"),
      restored: undefined,
      recalled: undefined,
      outbox: undefined
    }
  }

  #sendTo(edge: EdgeLink, partition: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.#options.counters.datagramsOut++
    this.#options.edges.add(edge, FrameKind.Send, partition, peer, datagram)
  }

  #happened(now: number, handshake: HandshakeInProgress, kind: string, reason: string): void {
    const { identity, peer } = handshake
    if (identity === undefined) return
    this.#options.events.happened(now, identity, kind, formatPeerAddress(peer), reason, {
      secureMode: identity.secureMode
    })
  }
}

/**
 * Whether a datagram from this address can be the handshake's: plaintext handshake records, or protected ones that are
 * no data. Data belongs to the old session until the new Finished verified (RFC 6347 §4.2.8, D19).
 */
const belongsTo = (handshake: HandshakeInProgress, datagram: Uint8Array): boolean => {
  const first = peekRecord(datagram)
  if (first === undefined) return false
  const { cidOffset, contentType } = first
  if (contentType === ContentType.handshake || contentType === ContentType.change_cipher_spec) return true
  // A device that resumes sends data right behind its Finished; the session that it had here before can't read it.
  if (contentType === ContentType.application_data) return handshake.stage === "storing"
  if (contentType !== ContentType.tls12_cid) return false
  const { pending, verified } = handshake
  if (verified !== undefined) return verified.readCidLength > 0 && verified.hasReadCid(datagram, cidOffset)
  if (pending === undefined) return false
  const cid = pending instanceof PendingHandshake ? pending.agreement.serverCid : pending.session.readCid
  if (cid.length === 0) return false
  for (let i = 0; i < cid.length; i++) if (cid[i] !== datagram[cidOffset + i]) return false
  return true
}

const rejectText = {
  RecordUnverifiable:
    "wrong key: the device's secret is not the registered one, or its PSK is not bytes 9–24 of SHA-256 of it",
  VerifyDataMismatch: "the device's Finished covers another handshake than ours: something changed messages on the way",
  UnexpectedHandshake: "the device sent another handshake message where its Finished is due",
  BufferFull: "the device sent more data than is kept before its handshake is verified"
} as const

const refusedKind = "handshake-refused"
/** Datagrams and bytes kept while a verified session is stored; a device that has its answer resends them anyway. */
const earlyMax = 8
const earlyBytesMax = 4096
const fits = (early: ReadonlyArray<Uint8Array>, datagram: Uint8Array): boolean =>
  early.length < earlyMax && early.reduce((sum, { length }) => sum + length, datagram.length) <= earlyBytesMax

/** Bytes of a session's name in uplinks and events. */
const handleBytes = 8
const hex = (bytes: Uint8Array): string => bytes.toHex()
const noBytes = new Uint8Array(0)
