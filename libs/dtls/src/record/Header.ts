import { allocate } from "../internal/allocate.ts"
import { emptyBytes } from "../internal/bytes.ts"
import { serverCidBytes } from "../Limits.ts"

/** RFC 5246 §6.2.1; `tls12_cid` is RFC 9146 §4. */
export const ContentType = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
  tls12_cid: 25
} as const

/** DTLS versions are the one's complement of TLS's (RFC 6347 §4.1). */
export const dtls10 = 0xfeff
export const dtls12 = 0xfefd

/**
 * Whether a record's version is one of DTLS. Its value is not asked. That of a first ClientHello is the sender's choice (RFC 5246 §E.1, RFC
 * 9147 §4), and that of a protected record is authenticated with it.
 */
export function isDtlsVersion(version: number): boolean {
  return version >>> 8 === dtls12 >>> 8
}

/** Without a connection id (RFC 6347 §4.1). */
export const recordHeaderBytes = 13
/** TLSCiphertext.length may not exceed 2^14 + 2048 (RFC 5246 §6.2.3). */
export const recordFragmentBytesMax = 0x4000 + 2048
/** Sequence numbers have 48 bits and never wrap (RFC 6347 §4.1). */
export const sequenceMax = 2 ** 48 - 1

/** One record as it lies in its datagram: views, no copies. */
export interface RecordView {
  readonly contentType: number
  readonly version: number
  readonly epoch: number
  readonly sequence: number
  /** Empty unless the content type is tls12_cid. */
  readonly cid: Uint8Array
  readonly fragment: Uint8Array
  /** The datagram's offset behind this record. */
  readonly next: number
}

/**
 * Reads the record at `offset`. `cidLength` is the length of the connection ids that this side handed out; a tls12_cid
 * record does not tell it (RFC 9146 §4).
 *
 * Undefined if no whole record is there: a record never spans datagrams (RFC 6347 §4.1.1), the rest of this datagram is
 * to be dropped.
 */
export function readRecord(datagram: Uint8Array, offset: number, cidLength: number): RecordView | undefined {
  const next = recordEnd(datagram, offset, cidLength)
  if (next < 0) return undefined
  const cidBytes = cidBytesAt(datagram, offset, cidLength)
  const start = offset + recordHeaderBytes + cidBytes
  return {
    contentType: datagram[offset]!,
    version: (datagram[offset + 1]! << 8) | datagram[offset + 2]!,
    epoch: epochAt(datagram, offset),
    sequence: readSequence(datagram, offset + 5),
    cid: cidBytes === 0 ? emptyBytes : datagram.subarray(offset + 11, offset + 11 + cidBytes),
    fragment: datagram.subarray(start, next),
    next
  }
}

/** Whether a record of the epoch is among those that `readRecord` would read, without a view of each. */
export function hasEpoch(datagram: Uint8Array, epoch: number, cidLength: number): boolean {
  for (let offset = 0; offset < datagram.length;) {
    const next = recordEnd(datagram, offset, cidLength)
    if (next < 0) return false
    if (epochAt(datagram, offset) === epoch) return true
    offset = next
  }
  return false
}

/** The offset behind the record at `offset`; -1 if no whole record is there. */
function recordEnd(datagram: Uint8Array, offset: number, cidLength: number): number {
  if (datagram.length - offset < recordHeaderBytes) return -1
  const start = offset + recordHeaderBytes + cidBytesAt(datagram, offset, cidLength)
  if (start > datagram.length) return -1
  const length = (datagram[start - 2]! << 8) | datagram[start - 1]!
  const next = start + length
  return length > recordFragmentBytesMax || next > datagram.length ? -1 : next
}

function cidBytesAt(datagram: Uint8Array, offset: number, cidLength: number): number {
  return datagram[offset] === ContentType.tls12_cid ? cidLength : 0
}

function epochAt(datagram: Uint8Array, offset: number): number {
  return (datagram[offset + 3]! << 8) | datagram[offset + 4]!
}

/** The records at the beginning of `bytes` that are whole and have room in `bytesMax`. */
export function wholeRecords(bytes: Uint8Array, bytesMax: number): Uint8Array {
  let end = 0
  for (let offset = 0; offset < bytes.length;) {
    const record = readRecord(bytes, offset, serverCidBytes)
    if (record === undefined || record.next > bytesMax) break
    end = offset = record.next
  }
  return bytes.subarray(0, end)
}

/** A router's view of a datagram's first record. */
export interface RecordPeek {
  readonly contentType: number
  readonly epoch: number
  /** Where the connection id starts; meaningful for tls12_cid only, its length is the receiver's to know. */
  readonly cidOffset: number
}

/**
 * Looks at the first record without judging the rest. Undefined for anything that is no DTLS: a datagram shorter than a header,
 * an unknown content type, a version that is none of DTLS. Behind a handshake the version must be 1.2 or 1.0. This covers RFC
 * 7983's demultiplexing by the first byte.
 */
export function peekRecord(datagram: Uint8Array): RecordPeek | undefined {
  if (datagram.length < recordHeaderBytes) return undefined
  const version = (datagram[1]! << 8) | datagram[2]!
  const epoch = (datagram[3]! << 8) | datagram[4]!
  if (version !== dtls12 && version !== dtls10 && (epoch > 0 || !isDtlsVersion(version))) return undefined
  const contentType = datagram[0]!
  const known =
    (contentType >= ContentType.change_cipher_spec && contentType <= ContentType.application_data) ||
    contentType === ContentType.tls12_cid
  return known ? { contentType, epoch, cidOffset } : undefined
}

/** Where the connection id of the first record that has one is: behind ChangeCipherSpec, in a client's last flight. */
export function connectionIdAt(datagram: Uint8Array): number | undefined {
  for (let offset = 0; offset < datagram.length;) {
    const record = readRecord(datagram, offset, serverCidBytes)
    if (record === undefined) return undefined
    if (record.contentType === ContentType.tls12_cid) return offset + cidOffset
    offset = record.next
  }
  return undefined
}

/** Of a tls12_cid record (RFC 9146 §4). */
const cidOffset = 11

/** Writes a header and returns the offset behind it. */
export function writeRecordHeader(
  target: Uint8Array,
  offset: number,
  contentType: number,
  epoch: number,
  sequence: number,
  cid: Uint8Array,
  length: number
): number {
  target[offset] = contentType
  target[offset + 1] = dtls12 >>> 8
  target[offset + 2] = dtls12 & 0xff
  target[offset + 3] = epoch >>> 8
  target[offset + 4] = epoch
  writeSequence(target, offset + 5, sequence)
  let at = offset + 11
  if (cid.length > 0) {
    target.set(cid, at)
    at += cid.length
  }
  target[at] = length >>> 8
  target[at + 1] = length
  return at + 2
}

/** An unprotected record: those of epoch 0. `version` differs from DTLS 1.2 only in a HelloVerifyRequest's reply. */
export function encodePlaintextRecord(
  contentType: number,
  sequence: number,
  fragment: Uint8Array,
  version = dtls12
): Uint8Array {
  const record = allocate(recordHeaderBytes + fragment.length)
  writePlaintextRecord(record, 0, contentType, sequence, fragment)
  record[1] = version >>> 8
  record[2] = version & 0xff
  return record
}

/** The same at `offset` of `target`. */
export function writePlaintextRecord(
  target: Uint8Array,
  offset: number,
  contentType: number,
  sequence: number,
  fragment: Uint8Array
): void {
  target.set(fragment, writeRecordHeader(target, offset, contentType, 0, sequence, emptyBytes, fragment.length))
}

export function readSequence(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!
  const low = ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0
  return high * 0x1_0000_0000 + low
}

export function writeSequence(target: Uint8Array, at: number, sequence: number): void {
  const high = Math.floor(sequence / 0x1_0000_0000)
  const low = sequence >>> 0
  target[at] = high >>> 8
  target[at + 1] = high
  target[at + 2] = low >>> 24
  target[at + 3] = low >>> 16
  target[at + 4] = low >>> 8
  target[at + 5] = low
}
