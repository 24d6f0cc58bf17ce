import { ContentType, writeSequence } from "./Header.ts"

/** The authenticated facts of a record beside its content. */
export interface RecordIdentity {
  /** The type on the wire: tls12_cid for a record with a connection id. */
  readonly contentType: number
  readonly version: number
  readonly epoch: number
  readonly sequence: number
  readonly cid: Uint8Array
}

/**
 * The bytes that go in front of the content in a MAC, or into the AEAD as additional data.
 *
 * - classic (RFC 5246 §6.2.3.3 with RFC 6347 §4.1.2.1): epoch ‖ sequence ‖ type ‖ version ‖ length
 * - tls12_cid (RFC 9146 §5): 8 × 0xFF ‖ tls12_cid ‖ cid_length ‖ tls12_cid ‖ version ‖ epoch ‖ sequence ‖ cid ‖ length
 *
 * `length` is the one the protection calls for: of the plaintext, or of IV and ciphertext under encrypt-then-MAC.
 * The result is a view of one shared buffer, valid until the next call: a record needs it for one crypto call only.
 */
export function additionalData(record: RecordIdentity, length: number): Uint8Array {
  if (record.contentType !== ContentType.tls12_cid) {
    writeEpochAndSequence(classic, 0, record)
    classic[8] = record.contentType
    classic[9] = record.version >>> 8
    classic[10] = record.version
    classic[11] = length >>> 8
    classic[12] = length
    return classic
  }
  const { cid } = record
  withCid[9] = cid.length
  withCid[11] = record.version >>> 8
  withCid[12] = record.version
  writeEpochAndSequence(withCid, 13, record)
  withCid.set(cid, 21)
  const at = 21 + cid.length
  withCid[at] = length >>> 8
  withCid[at + 1] = length
  return withCid.subarray(0, at + 2)
}

export function writeEpochAndSequence(target: Uint8Array, at: number, record: RecordIdentity): void {
  target[at] = record.epoch >>> 8
  target[at + 1] = record.epoch
  writeSequence(target, at + 2, record.sequence)
}

const classic = new Uint8Array(13)

const withCid = new Uint8Array(21 + 255 + 2)
withCid.fill(0xff, 0, 8)
withCid[8] = ContentType.tls12_cid
withCid[10] = ContentType.tls12_cid
