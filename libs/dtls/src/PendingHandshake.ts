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
import { copyBytes, emptyBytes, equalBytes, packBytes } from "./internal/bytes.ts"
import {
  classicMasterSecret,
  deriveKeyBlock,
  extendedMasterSecret,
  pskPremasterSecret,
  verifyData
} from "./KeySchedule.ts"
import { type BackHalfLimits, backHalfLimits } from "./Limits.ts"
import { hasEpoch } from "./record/Header.ts"
import { AwaitFinished, type FinishedOutcome, type RejectReason } from "./server/AwaitFinished.ts"
import { decodeHalf, type HalfAlternative } from "./server/HalfHandshake.ts"
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
 * The peer may have answered one of several ServerHellos, if somebody copied its ClientHello. They are alternatives, as are the
 * keys that it may have: the one that its Finished verifies with counts.
 *
 * A device that is unknown, disabled or in the wrong mode gets a random key from the caller. The rest is then the
 * same on the wire and in time as for a wrong key (RFC 4279 §2): silence.
 */
export class PendingHandshake {
  readonly #limits: BackHalfLimits
  #alternatives: ReadonlyArray<Alternative>
  /** The one that verified; until then the newest. */
  #fields: Alternative
  #datagrams: Array<Uint8Array>
  #pendingBytes: number
  #hasPreviousKey = false
  /** One per alternative and key that the peer may have. */
  #finishes: ReadonlyArray<Finish> = []
  /** Datagrams of a peer whose key is another one; at most `pendingBytesMax`. */
  #refused:
    | { readonly datagrams: ReadonlyArray<Uint8Array>; readonly transcriptHashes: ReadonlyArray<Uint8Array> }
    | undefined

  private constructor({ alternatives, records }: HalfFields, limits: BackHalfLimits) {
    this.#limits = limits
    this.#alternatives = alternatives
    this.#fields = alternatives[0]!
    this.#datagrams = []
    this.#pendingBytes = 0
    for (const record of records) this.#keep(record)
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
    return this.#datagrams.some((datagram) =>
      this.#alternatives.some(({ agreement }) => hasEpoch(datagram, sessionEpoch, agreement.serverCid.length))
    )
  }

  /** Whether the client is to put the connection id at `at` in its records. */
  hasConnectionId(datagram: Uint8Array, at: number): boolean {
    return this.#alternatives.some(({ agreement: { serverCid } }) => {
      return serverCid.length > 0 && equalBytes(serverCid, datagram.subarray(at, at + serverCid.length))
    })
  }

  /** Bytes that wait for the key. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** The agreement; before it is established, that of the newest of several alternatives. */
  get agreement(): Agreement {
    return this.#fields.agreement
  }

  get sessionId(): Uint8Array {
    return this.#fields.sessionId
  }

  /** Of all alternatives. */
  get sessionIds(): ReadonlyArray<Uint8Array> {
    return this.#alternatives.map(({ sessionId }) => sessionId)
  }

  /** Copies what it refers to: to be called before the bytes given to `fromHalf` become others, if it is still needed then. */
  own(): void {
    this.#datagrams = this.#datagrams.map(copyBytes)
    this.#alternatives = this.#alternatives.map((alternative) => ({
      ...alternative,
      identity: copyBytes(alternative.identity),
      address: copyBytes(alternative.address),
      agreement: {
        ...alternative.agreement,
        clientCid: ownBytes(alternative.agreement.clientCid),
        serverCid: ownBytes(alternative.agreement.serverCid)
      },
      sessionId: copyBytes(alternative.sessionId),
      clientRandom: copyBytes(alternative.clientRandom),
      serverRandom: copyBytes(alternative.serverRandom),
      transcript: copyBytes(alternative.transcript)
    }))
    this.#fields = this.#alternatives[0]!
  }

  /**
   * Derives the keys and looks at everything that came meanwhile. A peer may have either of two keys while its key is
   * being changed: the one that opens its Finished counts. The keys are not kept, nor is the transcript: it is called once.
   */
  providePsk(crypto: Crypto, psk: Uint8Array, previous?: Uint8Array): HandshakeOutcome {
    const finishes = this.#alternatives.map((own) => this.#expect(crypto, own, psk))
    if (previous !== undefined) {
      for (const own of this.#alternatives) finishes.push({ ...this.#expect(crypto, own, previous), isPrevious: true })
    }
    this.#finishes = finishes
    const datagrams = this.#datagrams
    const transcripts = this.#alternatives.map(({ transcript }) => transcript)
    this.#forgetWhatKeysAreOf()
    let outcome: HandshakeOutcome = needMore
    // All that came is tried on the newest alternative first: what came early may be the last of one that its client gave up.
    for (const finish of finishes) {
      let ofFinish: HandshakeOutcome = needMore
      for (const datagram of datagrams) {
        ofFinish = this.#handle(crypto, datagram, [finish])
        if (ofFinish._tag === "Established") return ofFinish
      }
      if (ofFinish._tag === "Rejected") outcome = ofFinish
    }
    if (outcome._tag === "Rejected") {
      this.#refused = { datagrams, transcriptHashes: transcripts.map((transcript) => crypto.sha256(transcript)) }
    }
    return outcome
  }

  /**
   * Whether the flight that `providePsk` rejected is one of a peer with this key, of any length. It serves to find out why the peer
   * has another one. Nothing follows from it.
   */
  wouldVerify(crypto: Crypto, psk: Uint8Array): boolean {
    if (this.#refused === undefined) return false
    const { datagrams, transcriptHashes } = this.#refused
    return this.#alternatives.some((own, i) => {
      const { await: awaited } = this.#awaitFinished(crypto, own, psk, transcriptHashes[i]!)
      return datagrams.some((datagram) => awaited.handle(crypto, datagram) === "Verified")
    })
  }

  /**
   * Tries a key from a cache, which the peer may not have any more, on what came so far. Established, or undefined: then the
   * handshake is as it was, and waits for `providePsk`.
   */
  tryPsk(crypto: Crypto, psk: Uint8Array): (HandshakeOutcome & { readonly _tag: "Established" }) | undefined {
    for (const alternative of this.#alternatives) {
      const finish = this.#expect(crypto, alternative, psk)
      for (const datagram of this.#datagrams) {
        if (finish.await.handle(crypto, datagram) !== "Verified") continue
        this.#finishes = [finish]
        return this.#established(crypto, finish)
      }
    }
    return undefined
  }

  /** Whether it was established under the previous of two keys. */
  get hasPreviousKey(): boolean {
    return this.#hasPreviousKey
  }

  #expect(crypto: Crypto, alternative: Alternative, psk: Uint8Array): Finish {
    const transcript = new Transcript(alternative.transcript)
    const { expected, master, ...own } = this.#awaitFinished(crypto, alternative, psk, transcript.hash(crypto))
    // RFC 5246 §7.4.9: the client's Finished is part of what ours covers.
    const both = transcript.hashWith(crypto, {
      type: HandshakeType.finished,
      messageSeq: alternative.finishedSeq,
      body: expected
    })
    return { ...own, alternative, isPrevious: false, verifyData: packBytes(verifyData(crypto, "server", master, both)) }
  }

  #awaitFinished(crypto: Crypto, alternative: Alternative, psk: Uint8Array, transcriptHash: Uint8Array) {
    const { agreement, clientRandom, finishedSeq, serverRandom, sessionId } = alternative
    const premaster = pskPremasterSecret(psk)
    const master = agreement.extendedMasterSecret
      ? extendedMasterSecret(crypto, premaster, transcriptHash)
      : classicMasterSecret(crypto, premaster, clientRandom, serverRandom)
    const keys = deriveKeyBlock(crypto, agreement.suite, master, clientRandom, serverRandom)
    const session = Session.of("server", agreement, keys, master, sessionId)
    const expected = verifyData(crypto, "client", master, transcriptHash)
    return { await: new AwaitFinished(session, expected, finishedSeq, this.#limits), expected, master, session }
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

  #handle(crypto: Crypto, datagram: Uint8Array, finishes = this.#finishes): HandshakeOutcome {
    let result: HandshakeOutcome = needMore
    for (const finish of finishes) {
      const outcome: FinishedOutcome = finish.await.handle(crypto, datagram)
      if (outcome === "Verified") return this.#established(crypto, finish)
      if (outcome !== "NeedMore") result = { _tag: "Rejected", reason: outcome }
    }
    return result
  }

  #forgetWhatKeysAreOf(): void {
    this.#datagrams = []
    for (const alternative of this.#alternatives) alternative.transcript = emptyBytes
  }

  #established(crypto: Crypto, finish: Finish): HandshakeOutcome & { readonly _tag: "Established" } {
    const { alternative, isPrevious, session } = finish
    this.#hasPreviousKey = isPrevious
    this.#forgetWhatKeysAreOf()
    this.#fields = alternative
    this.#alternatives = [alternative]
    return { _tag: "Established", session, reply: this.#reply(crypto, finish), early: finish.await.early }
  }

  /** ChangeCipherSpec and Finished; the session keeps what it needs to send them again. */
  #reply(crypto: Crypto, { alternative, session, verifyData }: Finish): ReadonlyArray<Uint8Array> {
    const { finishedSeq, nextSequence } = alternative
    session.lastFlight = { verifyData, messageSeq: finishedSeq, plaintextSequence: nextSequence }
    const flight = session.resendLastFlight(crypto)
    return flight !== undefined && Result.isSuccess(flight) ? [flight.success] : []
  }
}

interface Finish {
  readonly await: AwaitFinished
  readonly session: Session
  readonly alternative: Alternative
  /** Under the second of two keys. */
  readonly isPrevious: boolean
  /** Of our own Finished, packed. */
  readonly verifyData: string
}

/** A ClientHello that the peer may have gone on with, and what was answered. */
interface Alternative {
  readonly identity: Uint8Array
  readonly address: Uint8Array
  readonly agreement: Agreement
  readonly sessionId: Uint8Array
  readonly clientRandom: Uint8Array
  readonly serverRandom: Uint8Array
  /** Empty once the keys were derived from it. */
  transcript: Uint8Array
  /** Of the client's Finished and of ours; we sent as many messages as we received. */
  readonly finishedSeq: number
  readonly nextSequence: number
}

interface HalfFields {
  /** Newest first, at least one. */
  readonly alternatives: ReadonlyArray<Alternative>
  readonly records: ReadonlyArray<Uint8Array>
}

function readHalf(bytes: Uint8Array): Result.Result<HalfFields, StateError> {
  return Result.flatMap(decodeHalf(bytes), ({ address, alternatives, records }) => {
    const read: Array<Alternative> = []
    for (const alternative of alternatives) {
      const fields = readAlternative(address, alternative)
      if (Result.isFailure(fields)) return Result.fail(fields.failure)
      read.unshift(fields.success)
    }
    return Result.succeed({ alternatives: read, records })
  })
}

function readAlternative(
  address: Uint8Array,
  { nextSequence, transcript }: HalfAlternative
): Result.Result<Alternative, StateError> {
  const messages = messagesOf(transcript)
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
    address,
    agreement: agreementOf(client.success, server.success, suite),
    sessionId: server.success.sessionId,
    clientRandom: client.success.random,
    serverRandom: server.success.random,
    transcript,
    finishedSeq: keyExchange!.messageSeq + 1,
    nextSequence
  })
}

/** Most clients have no connection id: no bytes need no copy. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? emptyBytes : copyBytes(bytes)
}

function illegal(expected: string, got?: number): Result.Result<never, StateError> {
  return Result.fail({ by: "local", reason: "IllegalValue", expected, ...(got === undefined ? {} : { got }) })
}

const needMore: HandshakeOutcome = { _tag: "NeedMore", reply: [] }
