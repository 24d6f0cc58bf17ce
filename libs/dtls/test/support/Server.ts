import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import {
  ContentType,
  CookieSecrets,
  type Crypto,
  FrontHalf,
  type FrontHalfLimits,
  frontHalfLimits,
  type FrontOutcome,
  type HandshakeOutcome,
  type CipherSuite,
  connectionIdAt,
  type Opened,
  type Peer,
  peekRecord,
  PendingHandshake,
  type PendingResumption,
  resumeHandshake,
  serverCidBytes,
  Session,
  SessionIds
} from "../../src/index.ts"
import { hex } from "./hex.ts"

export interface ServerOptions {
  readonly crypto?: Crypto
  readonly routingKeys?: readonly [current: Uint8Array, previous?: Uint8Array]
  readonly limits?: Partial<FrontHalfLimits>
  readonly suites?: ReadonlyArray<CipherSuite>
  /** Undefined for an unknown identity; a random key then takes its place. */
  readonly pskOf: (identity: string) => Uint8Array | undefined
  /** Application data comes back as it is. */
  readonly echo?: boolean
}

type Pending = PendingHandshake | PendingResumption
export type Event = FrontOutcome | HandshakeOutcome | Opened

/** Both halves in one process, with the routing that edge and actors do, and every outcome on record. */
export class Server {
  readonly crypto: Crypto
  readonly front: FrontHalf
  readonly events: Array<Event> = []
  readonly received: Array<string> = []
  readonly sessions = new Map<number | string, Session>()
  readonly resumable = new Map<string, Session>()
  readonly pending = new Map<number | string, Pending>()
  /** Those that a newer handshake of the same peer stepped in front of. */
  readonly former = new Map<number | string, Pending>()
  /** Peers whose address changed within their handshake, by the address that they have now. */
  readonly #moved = new Map<number | string, number | string>()
  readonly #options: ServerOptions

  constructor(options: ServerOptions) {
    const [routingKey, previous] = options.routingKeys ?? [new Uint8Array(32).fill(5)]
    this.#options = options
    this.crypto = options.crypto ?? nodeCrypto
    this.front = new FrontHalf({
      crypto: this.crypto,
      cookieSecrets: new CookieSecrets(routingKey, undefined, previous),
      sessionIds: new SessionIds(routingKey, previous),
      limits: { ...frontHalfLimits, ...options.limits },
      ...(options.suites === undefined ? {} : { suites: options.suites })
    })
  }

  get lastEvent(): Event | undefined {
    return this.events.at(-1)
  }

  /** The datagrams that go back to the peer. */
  receive(now: number, peer: Peer, datagram: Uint8Array): ReadonlyArray<Uint8Array> {
    const peek = peekRecord(datagram)
    if (peek?.contentType === ContentType.tls12_cid) {
      const cid = hex(datagram.subarray(peek.cidOffset, peek.cidOffset + serverCidBytes))
      const key = this.#byCid(cid)
      if (key !== undefined) {
        this.#moved.set(peer.key, key)
        return this.#toActor(now, key, datagram)
      }
      if (!this.front.hasConnectionId(datagram, peek.cidOffset)) return this.#toActor(now, peer.key, datagram)
    }
    const isSession = peek?.contentType === ContentType.application_data || peek?.contentType === ContentType.alert
    if (peek !== undefined && isSession && peek.epoch > 0) return this.#toActor(now, peer.key, datagram)
    // The front half is lent the socket's memory, which the next datagram overwrites.
    const lent = new Uint8Array(datagram)
    const outcome = this.front.handleDatagram(now, peer, lent)
    lent.fill(0xee)
    return this.#handleFront(now, peer, datagram, this.#note(outcome))
  }

  #handleFront(now: number, peer: Peer, datagram: Uint8Array, outcome: FrontOutcome): ReadonlyArray<Uint8Array> {
    switch (outcome._tag) {
      case "Reply":
        return outcome.datagrams
      case "HandOff": {
        const pending = Result.getOrThrow(PendingHandshake.fromHalf(outcome.half))
        const { key } = outcome.movedFrom ?? peer
        this.#moved.set(peer.key, key)
        this.#begin(key, pending)
        const psk = this.#options.pskOf(new TextDecoder().decode(pending.identity)) ?? this.crypto.randomBytes(16)
        const replies = this.#settle(now, key, pending, pending.providePsk(this.crypto, psk))
        // Records that came with the key exchange may be meant for the former handshake, and those of a moved client are not in the half.
        return replies.length > 0 ? replies : this.#toActor(now, key, datagram)
      }
      case "Resume": {
        const known = this.pending.get(peer.key)
        if (known !== undefined && "answers" in known && known.answers(outcome.hello)) {
          this.front.resumeTaken(peer.key)
          return known.sendFlight(this.crypto)
        }
        const session = this.resumable.get(hex(outcome.sessionId))
        const resumed =
          session && Result.getOrThrow(resumeHandshake({ crypto: this.crypto, hello: outcome.hello, session }))
        if (resumed === undefined || resumed._tag === "Missed") {
          return this.#handleFront(now, peer, datagram, this.#note(this.front.resumeMissed(now, peer)))
        }
        this.front.resumeTaken(peer.key)
        if (resumed._tag === "Resumed") this.#begin(peer.key, resumed.pending)
        return resumed._tag === "Done" ? [] : resumed.reply
      }
      case "Forward":
        return this.#toActor(now, this.#byLaterCid(datagram) ?? this.#moved.get(peer.key) ?? peer.key, datagram)
      default:
        return []
    }
  }

  #begin(key: number | string, pending: Pending): void {
    const running = this.pending.get(key)
    if (running !== undefined) this.former.set(key, running)
    this.pending.set(key, pending)
  }

  #toActor(now: number, key: number | string, datagram: Uint8Array): ReadonlyArray<Uint8Array> {
    for (const pending of [this.pending.get(key), this.former.get(key)]) {
      if (pending === undefined) continue
      const replies = this.#settle(now, key, pending, pending.handleDatagram(this.crypto, now, datagram))
      if (replies.length > 0 || !this.pending.has(key)) return replies
    }
    const session = this.sessions.get(key)
    return session === undefined ? [] : this.#open(session, datagram)
  }

  #settle(_now: number, key: number | string, pending: Pending, outcome: HandshakeOutcome): ReadonlyArray<Uint8Array> {
    this.#note(outcome)
    if (outcome._tag === "NeedMore") return outcome.reply
    if (outcome._tag === "Rejected") return []
    const { session, reply, early } = outcome
    this.former.delete(key)
    // Also one with this handshake among its alternatives: an actor establishes the same keys once.
    const other = this.pending.get(key)
    if (
      other === pending ||
      (other instanceof PendingHandshake && other.sessionIds.some((id) => hex(id) === hex(session.sessionId)))
    ) {
      this.pending.delete(key)
    }
    this.sessions.set(key, session)
    this.front.confirmed(key)
    this.resumable.set(hex(session.sessionId), session)
    return [...reply, ...early.flatMap((record) => this.#open(session, record))]
  }

  #open(session: Session, datagram: Uint8Array): ReadonlyArray<Uint8Array> {
    const replies: Array<Uint8Array> = []
    for (let offset = 0; offset < datagram.length;) {
      const opened = session.open(this.crypto, datagram, offset)
      this.#note(opened)
      if (opened._tag === "Answer") replies.push(opened.bytes)
      if (opened._tag === "ApplicationData") {
        this.received.push(Buffer.from(opened.plaintext).toString())
        if (this.#options.echo === true) {
          replies.push(Result.getOrThrow(session.seal(this.crypto, ContentType.application_data, opened.plaintext)))
        }
      }
      offset = opened.next
    }
    return replies
  }

  /** The last flight of a client whose address changed has its connection id behind ChangeCipherSpec. */
  #byLaterCid(datagram: Uint8Array): number | string | undefined {
    const at = connectionIdAt(datagram)
    return at === undefined ? undefined : this.#byCid(hex(datagram.subarray(at, at + serverCidBytes)))
  }

  #byCid(cid: string): number | string | undefined {
    for (const [key, pending] of this.pending) {
      const serverCid = "agreement" in pending ? pending.agreement.serverCid : pending.session.readCid
      if (hex(serverCid) === cid) return key
    }
    for (const [key, session] of this.sessions) if (hex(session.readCid) === cid) return key
    return undefined
  }

  #note<E extends Event>(event: E): E {
    this.events.push(event)
    return event
  }
}
