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
import {
  type CipherSuite,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8,
  writeKeyBytes,
  writeSaltBytes
} from "./CipherSuite.ts"
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
  /** read key ‖ write key ‖ read salt ‖ write salt ‖ master secret ‖ session id ‖ read CID ‖ write CID */
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
    return this.#part(keysBytes(this.suite), masterSecretBytes)
  }

  get sessionId(): Uint8Array {
    return this.#part(keysBytes(this.suite) + masterSecretBytes, this.sessionIdLength)
  }

  /** In records from the peer; empty if they are classic ones. */
  get readCid(): Uint8Array {
    return this.#part(keysBytes(this.suite) + masterSecretBytes + this.sessionIdLength, this.readCidLength)
  }

  /** In records to the peer; empty if they are classic ones. */
  get writeCid(): Uint8Array {
    return this.#part(this.#secrets.length - this.writeCidLength, this.writeCidLength)
  }

  /** `leadingBits` of the session id and of `readCid`, for tables; 0 if there is none. */
  get sessionIdBits(): number {
    return this.#bits(keysBytes(this.suite) + masterSecretBytes, this.sessionIdLength)
  }

  get readCidBits(): number {
    return this.#bits(keysBytes(this.suite) + masterSecretBytes + this.sessionIdLength, this.readCidLength)
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
    return this.#keys(0, 2 * writeKeyBytes)
  }

  get writeKeys(): DirectionKeys {
    return this.#keys(writeKeyBytes, 2 * writeKeyBytes + writeSaltBytes(this.suite))
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

  #keys(keyAt: number, saltAt: number): DirectionKeys {
    const keys = writeSaltBytes(this.suite) === ccmKeys.salt.length ? ccmKeys : cbcKeys
    const { key, salt } = keys
    const secrets = this.#secrets
    for (let i = 0; i < key.length; i++) key[i] = secrets.charCodeAt(keyAt + i)
    for (let i = 0; i < salt.length; i++) salt[i] = secrets.charCodeAt(saltAt + i)
    keys.encryptThenMac = this.encryptThenMac
    return keys
  }

  #bits(at: number, length: number): number {
    if (length === 0) return 0
    for (let i = 0; i < leadingBytes; i++) bitsScratch[i] = i < length ? this.#secrets.charCodeAt(at + i) : 0
    return leadingBits(bitsScratch, 0)
  }

  #part(at: number, length: number): Uint8Array {
    return length === 0 ? emptyBytes : unpackBytes(this.#secrets, at, length)
  }
}

/** As `SessionFields.secrets`; good until the next call. */
function secretsOf(
  isServer: boolean,
  keys: KeyBlock,
  masterSecret: Uint8Array,
  sessionId: Uint8Array,
  readCid: Uint8Array,
  writeCid: Uint8Array
): Uint8Array {
  const { bytes, keysAt, saltBytes, saltsAt } = keys
  let at = 0
  const put = (from: Uint8Array, start: number, length: number): void => {
    for (let i = 0; i < length; i++) secretsScratch[at + i] = from[start + i]!
    at += length
  }
  // The client's are first in the block, and a server reads with those.
  const [read, write] = isServer ? [0, 1] : [1, 0]
  put(bytes, keysAt + read * writeKeyBytes, writeKeyBytes)
  put(bytes, keysAt + write * writeKeyBytes, writeKeyBytes)
  put(bytes, saltsAt + read * saltBytes, saltBytes)
  put(bytes, saltsAt + write * saltBytes, saltBytes)
  for (const part of [masterSecret, sessionId, readCid, writeCid]) put(part, 0, part.length)
  return secretsScratch.subarray(0, at)
}

/** Room for keys and salts of CBC, master secret, session id and two connection ids of the greatest length. */
const secretsScratch = new Uint8Array(2 * (16 + 32) + masterSecretBytes + 32 + 2 * 255)

/** RFC 5246 §7.1. */
export const changeCipherSpec = Uint8Array.of(1)

/**
 * One record's work is done before the next record's begins, so the keys of all sessions take turns here. Two views of
 * `secrets` per record and direction cost more than the 20 bytes that they show.
 */
const keysOf = (suite: CipherSuite) => ({
  suite,
  encryptThenMac: false,
  key: new Uint8Array(writeKeyBytes),
  salt: new Uint8Array(writeSaltBytes(suite))
})
const ccmKeys = keysOf(TLS_PSK_WITH_AES_128_CCM_8)
const cbcKeys = keysOf(TLS_PSK_WITH_AES_128_CBC_SHA256)

function keysBytes(suite: CipherSuite): number {
  return 2 * (writeKeyBytes + writeSaltBytes(suite))
}

const leadingBytes = 7
const bitsScratch = new Uint8Array(leadingBytes)

/**
 * 52 bits of a random id as a key of tables: a number hashes without allocating and is 30 bytes less than a string. A caller that finds
 * something by them compares the rest.
 */
export function leadingBits(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return high * 0x10_0000 + ((bytes[at + 4]! << 12) | (bytes[at + 5]! << 4) | (bytes[at + 6]! >> 4))
}
