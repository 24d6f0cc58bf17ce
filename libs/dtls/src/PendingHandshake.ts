import * as Result from "effect/Result"
import { isCipherSuite } from "./CipherSuite.ts"
import type { Crypto } from "./Crypto.ts"
import type { StateError } from "./errors.ts"
import { type Agreement, agreementOf } from "./handshake/Agreement.ts"
import { decodeClientHello } from "./handshake/ClientHello.ts"
import { decodeClientKeyExchange } from "./handshake/ClientKeyExchange.ts"
import { HandshakeType, messagesOf } from "./handshake/Header.ts"
import { decodeServerHello } from "./handshake/ServerHello.ts"
import { Transcript } from "./handshake/Transcript.ts"
import { copyBytes, emptyBytes, packBytes } from "./internal/bytes.ts"
import {
  classicMasterSecret,
  deriveKeyBlock,
  extendedMasterSecret,
  pskPremasterSecret,
  verifyData
} from "./KeySchedule.ts"
import { type BackHalfLimits, backHalfLimits } from "./Limits.ts"
import { readRecord } from "./record/Header.ts"
import { AwaitFinished, type FinishedOutcome, type RejectReason } from "./server/AwaitFinished.ts"
import { decodeHalf } from "./server/HalfHandshake.ts"
import { Session, sessionEpoch } from "./Session.ts"

export type HandshakeOutcome =
  /** `reply` is our flight again, if the peer acts as if it had lost it; mostly nothing. */
  | { readonly _tag: "NeedMore"; readonly reply: ReadonlyArray<Uint8Array> }
  | {
      readonly _tag: "Established"
      readonly session: Session
      /** Datagrams that complete the handshake at the client; to be sent once the session is stored. May be none. */
      readonly reply: ReadonlyArray<Uint8Array>
      /** Records that came with the Finished or before it; `session.open` them. */
      readonly early: ReadonlyArray<Uint8Array>
    }
  | { readonly _tag: "Rejected"; readonly reason: RejectReason }

/**
 * The second half of the server's full handshake, in the actor of the device that `identity` names.
 *
 *     fromHalf -> AwaitPsk -> providePsk -> AwaitFinished -> Established
 *                     |                                          ^
 *                     +- tryPsk: a key that may be the peer's ---+
 *
 * A device that is unknown, disabled or in the wrong mode gets a random key from the caller: what follows is then the
 * same on the wire and in time as for a wrong key (RFC 4279 §2), namely silence.
 */
export class PendingHandshake {
  readonly #limits: BackHalfLimits
  #fields: HalfFields
  #transcript: Transcript
  /** Of the client's Finished and of ours; we sent as many messages as we received. */
  readonly #finishedSeq: number
  readonly #nextSequence: number
  #datagrams: Array<Uint8Array>
  #pendingBytes: number
  #hasPreviousKey = false
  /** One per key that the peer may have. */
  #finishes: ReadonlyArray<Finish> = []
  /** What came of a peer whose key is another one; at most `pendingBytesMax`. */
  #refused: { readonly datagrams: ReadonlyArray<Uint8Array>; readonly transcriptHash: Uint8Array } | undefined

  private constructor(fields: HalfFields, limits: BackHalfLimits) {
    this.#limits = limits
    this.#fields = fields
    this.#transcript = new Transcript(fields.transcript)
    this.#finishedSeq = fields.finishedSeq
    this.#nextSequence = fields.nextSequence
    this.#datagrams = []
    this.#pendingBytes = 0
    for (const record of fields.records) this.#keep(record)
  }

  /** Reads what `FrontHalf` handed off. The bytes are referred to, not copied: see `own`. */
  static fromHalf(
    half: Uint8Array,
    limits: BackHalfLimits = backHalfLimits
  ): Result.Result<PendingHandshake, StateError> {
    return Result.map(readHalf(half), (fields) => new PendingHandshake(fields, limits))
  }

  /** As in ClientKeyExchange; opaque here. */
  get identity(): Uint8Array {
    return this.#fields.identity
  }

  /** `Peer.address` of the client. */
  get address(): Uint8Array {
    return this.#fields.address
  }

  /** 31 bits of the client's random, which no two handshakes of a device with entropy share. */
  get clientRandomBits(): number {
    const { clientRandom: random } = this.#fields
    return ((random[28]! & 0x7f) << 24) | (random[29]! << 16) | (random[30]! << 8) | random[31]!
  }

  /** Records that came with the key exchange or before it, and wait for the key. */
  get waiting(): ReadonlyArray<Uint8Array> {
    return this.#datagrams
  }

  /** Whether a protected record is among what waits: it may be the peer's Finished. */
  get hasProtected(): boolean {
    return this.#datagrams.some((datagram) => hasProtectedRecord(datagram, this.#fields.agreement.serverCid.length))
  }

  /** Bytes that wait for the key. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get agreement(): Agreement {
    return this.#fields.agreement
  }

  get sessionId(): Uint8Array {
    return this.#fields.sessionId
  }

  /** Copies what it refers to: to be called before the bytes given to `fromHalf` become others, if it is still needed then. */
  own(): void {
    const { address, agreement, clientRandom, identity, serverRandom, sessionId, transcript } = this.#fields
    const ownTranscript = copyBytes(transcript)
    this.#transcript = new Transcript(ownTranscript)
    this.#datagrams = this.#datagrams.map(copyBytes)
    this.#fields = {
      ...this.#fields,
      identity: copyBytes(identity),
      address: copyBytes(address),
      agreement: {
        ...agreement,
        clientCid: copyBytes(agreement.clientCid),
        serverCid: copyBytes(agreement.serverCid)
      },
      sessionId: copyBytes(sessionId),
      clientRandom: copyBytes(clientRandom),
      serverRandom: copyBytes(serverRandom),
      transcript: ownTranscript,
      records: this.#datagrams
    }
  }

  /**
   * Derives the keys and looks at everything that came meanwhile. A peer may have either of two keys while its key is
   * being changed: the one that opens its Finished counts. The keys are not kept, nor is the transcript: it is called once.
   */
  providePsk(crypto: Crypto, psk: Uint8Array, previous?: Uint8Array): HandshakeOutcome {
    const first = this.#expect(crypto, psk)
    this.#finishes = previous === undefined ? [first] : [first, this.#expect(crypto, previous)]
    const datagrams = this.#datagrams
    const transcript = this.#transcript
    this.#forgetWhatKeysAreOf()
    let outcome: HandshakeOutcome = needMore
    for (const datagram of datagrams) {
      if (outcome._tag !== "Established") outcome = this.#handle(crypto, datagram)
    }
    if (outcome._tag === "Rejected") this.#refused = { datagrams, transcriptHash: transcript.hash(crypto) }
    return outcome
  }

  /**
   * Whether the flight that `providePsk` rejected is one of a peer with this key, of any length: for whoever has to find out why it
   * has another one. Nothing follows from it.
   */
  wouldVerify(crypto: Crypto, psk: Uint8Array): boolean {
    if (this.#refused === undefined) return false
    const { datagrams, transcriptHash } = this.#refused
    const { await: awaited } = this.#awaitFinished(crypto, psk, transcriptHash)
    return datagrams.some((datagram) => awaited.handle(crypto, datagram) === "Verified")
  }

  /**
   * Tries a key from a cache, which the peer may not have any more, on what came so far. Established, or undefined: then the
   * handshake is as it was, and waits for `providePsk`.
   */
  tryPsk(crypto: Crypto, psk: Uint8Array): (HandshakeOutcome & { readonly _tag: "Established" }) | undefined {
    const finish = this.#expect(crypto, psk)
    for (const datagram of this.#datagrams) {
      if (finish.await.handle(crypto, datagram) !== "Verified") continue
      this.#finishes = [finish]
      this.#forgetWhatKeysAreOf()
      return this.#established(crypto, finish)
    }
    return undefined
  }

  /** Whether it was established under the previous of two keys. */
  get hasPreviousKey(): boolean {
    return this.#hasPreviousKey
  }

  #expect(crypto: Crypto, psk: Uint8Array): Finish {
    const {
      await: awaited,
      expected,
      master,
      session
    } = this.#awaitFinished(crypto, psk, this.#transcript.hash(crypto))
    // RFC 5246 §7.4.9: the client's Finished is part of what ours covers.
    const both = this.#transcript.hashWith(crypto, {
      type: HandshakeType.finished,
      messageSeq: this.#finishedSeq,
      body: expected
    })
    return { await: awaited, session, verifyData: packBytes(verifyData(crypto, "server", master, both)) }
  }

  #awaitFinished(crypto: Crypto, psk: Uint8Array, transcriptHash: Uint8Array) {
    const { agreement, clientRandom, serverRandom, sessionId } = this.#fields
    const premaster = pskPremasterSecret(psk)
    const master = agreement.extendedMasterSecret
      ? extendedMasterSecret(crypto, premaster, transcriptHash)
      : classicMasterSecret(crypto, premaster, clientRandom, serverRandom)
    const keys = deriveKeyBlock(crypto, agreement.suite, master, clientRandom, serverRandom)
    const session = Session.of("server", agreement, keys, master, sessionId)
    const expected = verifyData(crypto, "client", master, transcriptHash)
    return {
      await: new AwaitFinished(session, expected, this.#finishedSeq, this.#limits),
      expected,
      master,
      session
    }
  }

  /** A datagram of this peer. Repeated ClientKeyExchanges have no effect. */
  handleDatagram(crypto: Crypto, _now: number, datagram: Uint8Array): HandshakeOutcome {
    if (this.#finishes.length > 0) return this.#handle(crypto, datagram)
    return this.#keep(copyBytes(datagram)) ? needMore : { _tag: "Rejected", reason: "BufferFull" }
  }

  #keep(datagram: Uint8Array): boolean {
    if (this.#pendingBytes + datagram.length > this.#limits.pendingBytesMax) return false
    this.#pendingBytes += datagram.length
    this.#datagrams.push(datagram)
    return true
  }

  #handle(crypto: Crypto, datagram: Uint8Array): HandshakeOutcome {
    let result: HandshakeOutcome = needMore
    for (let i = 0; i < this.#finishes.length; i++) {
      const finish = this.#finishes[i]!
      const outcome: FinishedOutcome = finish.await.handle(crypto, datagram)
      if (outcome === "Verified") {
        this.#hasPreviousKey = i > 0
        return this.#established(crypto, finish)
      }
      if (outcome !== "NeedMore") result = { _tag: "Rejected", reason: outcome }
    }
    return result
  }

  #forgetWhatKeysAreOf(): void {
    this.#datagrams = []
    this.#transcript = new Transcript()
    this.#fields = { ...this.#fields, transcript: emptyBytes, records: [] }
  }

  #established(crypto: Crypto, finish: Finish): HandshakeOutcome & { readonly _tag: "Established" } {
    const { session } = finish
    return { _tag: "Established", session, reply: this.#reply(crypto, finish), early: finish.await.early }
  }

  /** ChangeCipherSpec and Finished; the session keeps what it needs to send them again. */
  #reply(crypto: Crypto, { session, verifyData }: Finish): ReadonlyArray<Uint8Array> {
    session.lastFlight = { verifyData, messageSeq: this.#finishedSeq, plaintextSequence: this.#nextSequence }
    const flight = session.resendLastFlight(crypto)
    return flight !== undefined && Result.isSuccess(flight) ? [flight.success] : []
  }
}

interface Finish {
  readonly await: AwaitFinished
  readonly session: Session
  /** Of our own Finished, packed. */
  readonly verifyData: string
}

interface HalfFields {
  readonly identity: Uint8Array
  readonly address: Uint8Array
  readonly agreement: Agreement
  readonly sessionId: Uint8Array
  readonly clientRandom: Uint8Array
  readonly serverRandom: Uint8Array
  readonly transcript: Uint8Array
  readonly finishedSeq: number
  readonly nextSequence: number
  /** Its own array. */
  readonly records: Array<Uint8Array>
}

function readHalf(bytes: Uint8Array): Result.Result<HalfFields, StateError> {
  return Result.flatMap(decodeHalf(bytes), (half) => {
    const messages = messagesOf(half.transcript)
    const [clientHello, serverHello, , keyExchange] = messages
    if (messages.length !== 4) return illegal("transcript of four messages", messages.length)
    const client = decodeClientHello(clientHello!.body)
    const server = decodeServerHello(serverHello!.body)
    const exchange = decodeClientKeyExchange(keyExchange!.body)
    if (Result.isFailure(client) || Result.isFailure(server) || Result.isFailure(exchange)) {
      return illegal("ClientHello, ServerHello, ServerHelloDone, ClientKeyExchange")
    }
    const suite = server.success.cipherSuite
    if (!isCipherSuite(suite)) return illegal("cipher suite", suite)
    return Result.succeed({
      identity: exchange.success.pskIdentity,
      address: half.address,
      agreement: agreementOf(client.success, server.success, suite),
      sessionId: server.success.sessionId,
      clientRandom: client.success.random,
      serverRandom: server.success.random,
      transcript: half.transcript,
      finishedSeq: keyExchange!.messageSeq + 1,
      nextSequence: half.nextSequence,
      records: [...half.records]
    })
  })
}

function hasProtectedRecord(datagram: Uint8Array, cidLength: number): boolean {
  for (let offset = 0; offset < datagram.length;) {
    const record = readRecord(datagram, offset, cidLength)
    if (record === undefined) return false
    if (record.epoch === sessionEpoch) return true
    offset = record.next
  }
  return false
}

function illegal(expected: string, got?: number): Result.Result<never, StateError> {
  return Result.fail({ by: "local", reason: "IllegalValue", expected, ...(got === undefined ? {} : { got }) })
}

const needMore: HandshakeOutcome = { _tag: "NeedMore", reply: [] }
