import * as Result from "effect/Result"
import {
  type Alert,
  AlertDescription,
  AlertLevel,
  alertName,
  decodeAlert,
  encodeAlert,
  endsConnection,
  warningAlert
} from "./Alert.ts"
import type { CipherSuite } from "./CipherSuite.ts"
import type { Crypto } from "./Crypto.ts"
import type { SealError } from "./errors.ts"
import type { Agreement } from "./handshake/Agreement.ts"
import { handshakeHeaderBytes, HandshakeType, writeHandshakeHeader } from "./handshake/Header.ts"
import { allocate } from "./internal/allocate.ts"
import { emptyBytes, packBytes, unpackBytes } from "./internal/bytes.ts"
import { droppedRecord, type Opened } from "./Opened.ts"
import { type KeyBlock, masterSecretBytes } from "./KeySchedule.ts"
import {
  ContentType,
  isDtlsVersion,
  readRecord,
  recordHeaderBytes,
  sequenceMax,
  writePlaintextRecord
} from "./record/Header.ts"
import type { DirectionKeys } from "./record/DirectionKeys.ts"
import { openRecord, sealedRecordBytes, sealRecord } from "./record/Protection.ts"
import { isReplay, markReceived, type ReplayWindow } from "./record/ReplayWindow.ts"
import { directionKeys, idsAt, leadingBitsOf, masterSecretAt, secretsOf } from "./SessionSecrets.ts"

/** There is no renegotiation, so the one epoch of protected records is 1. */
export const sessionEpoch = 1

/** Our ChangeCipherSpec and Finished, kept while the peer may not have got them. */
export interface LastFlight {
  /** Packed: `packBytes`. */
  readonly verifyData: string
  readonly messageSeq: number
  /** The next record sequence number in epoch 0. */
  plaintextSequence: number
}

/** Everything that a session is; `SessionState` writes and reads it. */
export interface SessionFields extends ReplayWindow {
  readonly suite: CipherSuite
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  /** As `SessionSecrets` lays them out. */
  readonly secrets: Uint8Array
  readonly sessionIdLength: number
  readonly readCidLength: number
  readonly writeCidLength: number
  /** Largest plaintext that the peer takes, in bytes. */
  readonly writeBytesMax: number
  /** The next record's. */
  writeSequence: number
  /** First sequence number that may not be used: the end of the block that the owner reserved. */
  writeLimit: number
  closed: boolean
  lastFlight: LastFlight | undefined
}

/**
 * An established session, of a server or of a client. One object and one string of bytes per device: arrays for keys,
 * ids and secrets would take 200 bytes each for their bookkeeping.
 */
export class Session implements SessionFields {
  readonly suite: CipherSuite
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  readonly #secrets: string
  readonly sessionIdLength: number
  readonly readCidLength: number
  readonly writeCidLength: number
  readonly writeBytesMax: number
  writeSequence: number
  writeLimit: number
  highest: number
  recent: number
  older: number
  closed: boolean
  lastFlight: LastFlight | undefined

  constructor(fields: SessionFields) {
    this.suite = fields.suite
    this.extendedMasterSecret = fields.extendedMasterSecret
    this.encryptThenMac = fields.encryptThenMac
    this.#secrets = packBytes(fields.secrets)
    this.sessionIdLength = fields.sessionIdLength
    this.readCidLength = fields.readCidLength
    this.writeCidLength = fields.writeCidLength
    this.writeBytesMax = fields.writeBytesMax
    this.writeSequence = fields.writeSequence
    this.writeLimit = fields.writeLimit
    this.highest = fields.highest
    this.recent = fields.recent
    this.older = fields.older
    this.closed = fields.closed
    this.lastFlight = fields.lastFlight
  }

  /** A fresh session of the side that `role` names, nothing read and nothing written. */
  static of(
    role: "client" | "server",
    agreement: Agreement,
    keys: KeyBlock,
    masterSecret: Uint8Array,
    sessionId: Uint8Array
  ): Session {
    const isServer = role === "server"
    const readCid = isServer ? agreement.serverCid : agreement.clientCid
    const writeCid = isServer ? agreement.clientCid : agreement.serverCid
    return new Session({
      suite: agreement.suite,
      extendedMasterSecret: agreement.extendedMasterSecret,
      encryptThenMac: agreement.encryptThenMac,
      secrets: secretsOf(isServer, keys, masterSecret, sessionId, readCid, writeCid),
      sessionIdLength: sessionId.length,
      readCidLength: readCid.length,
      writeCidLength: writeCid.length,
      writeBytesMax: isServer ? agreement.toClientBytesMax : agreement.toServerBytesMax,
      writeSequence: 0,
      writeLimit: sequenceMax,
      highest: -1,
      recent: 0,
      older: 0,
      closed: false,
      lastFlight: undefined
    })
  }

  /** A copy, to be written somewhere soon: see `allocate`. */
  get secrets(): Uint8Array {
    const { length } = this.#secrets
    const bytes = allocate(length)
    for (let i = 0; i < length; i++) bytes[i] = this.#secrets.charCodeAt(i)
    return bytes
  }

  /** Whether both came from one handshake. */
  hasKeysOf(other: Session): boolean {
    return this.#secrets === other.#secrets
  }

  get masterSecret(): Uint8Array {
    return this.#part(masterSecretAt(this.suite), masterSecretBytes)
  }

  get sessionId(): Uint8Array {
    return this.#part(idsAt(this.suite), this.sessionIdLength)
  }

  /** In records from the peer; empty if they are classic ones. */
  get readCid(): Uint8Array {
    return this.#part(idsAt(this.suite) + this.sessionIdLength, this.readCidLength)
  }

  /** In records to the peer; empty if they are classic ones. */
  get writeCid(): Uint8Array {
    return this.#part(this.#secrets.length - this.writeCidLength, this.writeCidLength)
  }

  /** `leadingBits` of the session id and of `readCid`, for tables; 0 if there is none. */
  get sessionIdBits(): number {
    return leadingBitsOf(this.#secrets, idsAt(this.suite), this.sessionIdLength)
  }

  get readCidBits(): number {
    return leadingBitsOf(this.#secrets, idsAt(this.suite) + this.sessionIdLength, this.readCidLength)
  }

  /** Whether `readCid` is what `bytes` has at `offset`. */
  hasReadCid(bytes: Uint8Array, offset: number): boolean {
    const secrets = this.#secrets
    const at = secrets.length - this.writeCidLength - this.readCidLength
    for (let i = 0; i < this.readCidLength; i++) if (secrets.charCodeAt(at + i) !== bytes[offset + i]) return false
    return true
  }

  /** Good until the keys of a direction of any session are asked for again: see `DirectionKeys`. */
  get readKeys(): DirectionKeys {
    return directionKeys(this.#secrets, this.suite, this.encryptThenMac, "read")
  }

  get writeKeys(): DirectionKeys {
    return directionKeys(this.#secrets, this.suite, this.encryptThenMac, "write")
  }

  /**
   * Opens the record at `offset` of a datagram. The caller goes on at `next` until the datagram's end:
   *
   *     for (let offset = 0; offset < datagram.length; offset = opened.next) opened = session.open(crypto, datagram, offset)
   */
  open(crypto: Crypto, datagram: Uint8Array, offset: number): Opened {
    if (this.readCidLength === 0 && datagram[offset] === ContentType.tls12_cid) {
      // Without a negotiated length nobody knows where such a record ends.
      return droppedRecord("CidUnexpected", datagram.length)
    }
    const record = readRecord(datagram, offset, this.readCidLength)
    if (record === undefined) return droppedRecord("Malformed", datagram.length)
    const { next } = record
    if (this.closed) return droppedRecord("SessionClosed", next)
    if (record.contentType === ContentType.tls12_cid) {
      if (!this.hasReadCid(record.cid, 0)) return droppedRecord("WrongCid", next)
    } else if (record.epoch === 0) {
      return droppedRecord("PlaintextRecord", next)
    } else if (this.readCidLength > 0) {
      // RFC 9146 §3: records without the negotiated id are dropped.
      return droppedRecord("CidExpected", next)
    }
    if (record.epoch !== sessionEpoch) return droppedRecord("WrongEpoch", next)
    if (!isDtlsVersion(record.version)) return droppedRecord("WrongVersion", next)
    if (isReplay(this, record.sequence)) return droppedRecord("Replay", next)
    const plaintext = openRecord(crypto, this.readKeys, record)
    if (plaintext === undefined) return droppedRecord("BadRecord", next)
    const newest = markReceived(this, record.sequence)
    const { fragment } = plaintext
    switch (plaintext.contentType) {
      case ContentType.application_data:
        // Only a peer that has our Finished sends data: it needs no repetition any more.
        this.lastFlight = undefined
        return { _tag: "ApplicationData", plaintext: fragment, newest, next }
      case ContentType.alert:
        return this.#handleAlert(crypto, fragment, newest, next)
      case ContentType.handshake:
        return this.#handleHandshake(crypto, fragment, newest, next)
      case ContentType.change_cipher_spec:
        return { _tag: "Ignored", reason: "ChangeCipherSpec", newest, next }
      default:
        return { _tag: "Ignored", reason: "UnknownContentType", newest, next }
    }
  }

  /** Whether a record of the datagram verifies as one of this session that was not seen before. Nothing is changed by it. */
  verifies(crypto: Crypto, datagram: Uint8Array): boolean {
    for (let offset = 0; offset < datagram.length;) {
      const record = readRecord(datagram, offset, this.readCidLength)
      if (record === undefined) return false
      const isOurs = record.epoch === sessionEpoch && record.cid.length === this.readCidLength
      if (isOurs && this.hasReadCid(record.cid, 0) && !isReplay(this, record.sequence)) {
        if (openRecord(crypto, this.readKeys, record) !== undefined) return true
      }
      offset = record.next
    }
    return false
  }

  /** Size of the record that `sealInto` writes for a plaintext of `length` bytes. */
  sealedBytes(length: number): number {
    return sealedRecordBytes(this, this.writeCidLength, length)
  }

  /**
   * Protects one record into `target` at `offset`, so that it can lie behind a frame's header without being copied.
   * Succeeds with the offset behind it; `target` must have room for `sealedBytes`.
   */
  sealInto(
    crypto: Crypto,
    contentType: number,
    plaintext: Uint8Array,
    target: Uint8Array,
    offset: number
  ): Result.Result<number, SealError> {
    if (this.closed) return Result.fail({ by: "local", reason: "SessionClosed" })
    if (plaintext.length > this.writeBytesMax) {
      return Result.fail({ by: "local", reason: "PlaintextTooLarge", limit: this.writeBytesMax, got: plaintext.length })
    }
    if (this.writeSequence >= this.writeLimit) {
      return Result.fail({ by: "local", reason: "SequenceExhausted", limit: this.writeLimit })
    }
    const sequence = this.writeSequence++
    const { writeCid } = this
    return Result.succeed(
      sealRecord(crypto, this.writeKeys, contentType, sessionEpoch, sequence, writeCid, plaintext, target, offset)
    )
  }

  /** One record, to be sent soon: see `allocate`. */
  seal(crypto: Crypto, contentType: number, plaintext: Uint8Array): Result.Result<Uint8Array, SealError> {
    const record = allocate(this.sealedBytes(plaintext.length))
    return Result.map(this.sealInto(crypto, contentType, plaintext, record, 0), () => record)
  }

  /** The record that ends the session; after it nothing is read or written (RFC 5246 §7.2.1). */
  closeNotify(crypto: Crypto): Result.Result<Uint8Array, SealError> {
    const record = this.#sealAlert(crypto, warningAlert("close_notify"))
    this.closed = true
    return record
  }

  /**
   * ChangeCipherSpec and Finished once more, in new records (RFC 6347 §4.2.4). Undefined once the peer is known to have
   * them.
   */
  resendLastFlight(crypto: Crypto): Result.Result<Uint8Array, SealError> | undefined {
    const flight = this.lastFlight
    if (flight === undefined) return undefined
    const { messageSeq, plaintextSequence, verifyData } = flight
    const finished = new Uint8Array(handshakeHeaderBytes + verifyData.length)
    const body = writeHandshakeHeader(finished, 0, HandshakeType.finished, messageSeq, verifyData.length)
    for (let i = 0; i < verifyData.length; i++) finished[body + i] = verifyData.charCodeAt(i)
    const change = recordHeaderBytes + changeCipherSpec.length
    const datagram = allocate(change + this.sealedBytes(finished.length))
    const sealed = this.sealInto(crypto, ContentType.handshake, finished, datagram, change)
    return Result.map(sealed, () => {
      flight.plaintextSequence++
      writePlaintextRecord(datagram, 0, ContentType.change_cipher_spec, plaintextSequence, changeCipherSpec)
      return datagram
    })
  }

  #handleAlert(crypto: Crypto, fragment: Uint8Array, newest: boolean, next: number): Opened {
    const alert = decodeAlert(fragment)
    if (alert === undefined) return { _tag: "Ignored", reason: "MalformedAlert", newest, next }
    if (!endsConnection(alert)) {
      return { _tag: "Ignored", reason: "WarningAlert", newest, next }
    }
    const isClose = alert.description === AlertDescription.close_notify
    const reply = isClose ? Result.getOrUndefined(this.#sealAlert(crypto, warningAlert("close_notify"))) : undefined
    this.closed = true
    const fatal = alert.level === AlertLevel.fatal && !isClose
    return { _tag: "Closed", by: "peer", alert: alertName(alert.description), fatal, reply, newest, next }
  }

  #handleHandshake(crypto: Crypto, fragment: Uint8Array, newest: boolean, next: number): Opened {
    const type = fragment[0]
    if (type === HandshakeType.finished) {
      const flight = this.resendLastFlight(crypto)
      if (flight !== undefined && Result.isSuccess(flight)) {
        return { _tag: "Answer", reason: "LastFlightRepeated", bytes: flight.success, newest, next }
      }
    } else if (type === HandshakeType.client_hello || type === HandshakeType.hello_request) {
      // RFC 5246 §7.2.2, RFC 7925 §17: no renegotiation, and the session goes on.
      const alert = this.#sealAlert(crypto, warningAlert("no_renegotiation"))
      if (Result.isSuccess(alert)) {
        return { _tag: "Answer", reason: "RenegotiationRefused", bytes: alert.success, newest, next }
      }
    }
    return { _tag: "Ignored", reason: "Handshake", newest, next }
  }

  #sealAlert(crypto: Crypto, alert: Alert): Result.Result<Uint8Array, SealError> {
    return this.seal(crypto, ContentType.alert, encodeAlert(alert))
  }

  #part(at: number, length: number): Uint8Array {
    return length === 0 ? emptyBytes : unpackBytes(this.#secrets, at, length)
  }
}

/** RFC 5246 §7.1. */
export const changeCipherSpec = Uint8Array.of(1)
