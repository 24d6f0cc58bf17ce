import { TLS_PSK_WITH_AES_128_CCM_8 } from "../CipherSuite.ts"
import type { Crypto } from "../Crypto.ts"
import {
  cbcFragmentBytes,
  openEncryptThenMac,
  openMacThenEncrypt,
  sealEncryptThenMac,
  sealMacThenEncrypt
} from "./CbcSha256.ts"
import { ccm8ExpansionBytes, openCcm8, sealCcm8 } from "./Ccm8.ts"
import type { DirectionKeys, ProtectionKind } from "./DirectionKeys.ts"
import { ContentType, dtls12, recordHeaderBytes, type RecordView, writeRecordHeader } from "./Header.ts"

/** TLSPlaintext.length and DTLSInnerPlaintext may not exceed it (RFC 5246 §6.2.1, RFC 9146 §4). */
export const plaintextBytesMax = 0x4000

/** A record that verified. */
export interface Plaintext {
  /** The real type, taken out of DTLSInnerPlaintext if the record had a connection id. */
  readonly contentType: number
  readonly fragment: Uint8Array
}

/** Exact size of the record that `sealRecord` writes. */
export function sealedRecordBytes(keys: ProtectionKind, cidLength: number, plaintextLength: number): number {
  // RFC 9146 §4: the real type is encrypted behind the content.
  const inner = cidLength > 0 ? plaintextLength + 1 : plaintextLength
  const fragment =
    keys.suite === TLS_PSK_WITH_AES_128_CCM_8
      ? inner + ccm8ExpansionBytes
      : cbcFragmentBytes(inner, keys.encryptThenMac)
  return recordHeaderBytes + cidLength + fragment
}

/**
 * Protects one record into `target` at `offset` and returns the offset behind it. With a non-empty `cid` the record is a
 * tls12_cid record (RFC 9146 §3). The caller keeps to the limits and never repeats (epoch, sequence) under the keys.
 */
export function sealRecord(
  crypto: Crypto,
  keys: DirectionKeys,
  contentType: number,
  epoch: number,
  sequence: number,
  cid: Uint8Array,
  plaintext: Uint8Array,
  target: Uint8Array,
  offset: number
): number {
  const hasCid = cid.length > 0
  const version = dtls12
  const record = { contentType: hasCid ? ContentType.tls12_cid : contentType, version, epoch, sequence, cid }
  const inner = hasCid ? innerPlaintext(plaintext, contentType) : plaintext
  const end = offset + sealedRecordBytes(keys, cid.length, plaintext.length)
  const length = end - offset - recordHeaderBytes - cid.length
  const start = writeRecordHeader(target, offset, record.contentType, epoch, sequence, cid, length)
  if (keys.suite === TLS_PSK_WITH_AES_128_CCM_8) sealCcm8(crypto, keys, record, inner, target, start)
  else if (keys.encryptThenMac) sealEncryptThenMac(crypto, keys, record, inner, target, start)
  else sealMacThenEncrypt(crypto, keys, record, inner, target, start)
  return end
}

/** Undefined for any defect, which is to be dropped in silence (RFC 6347 §4.1.2.7). The plaintext is the caller's to keep. */
export function openRecord(crypto: Crypto, keys: DirectionKeys, record: RecordView): Plaintext | undefined {
  const { contentType, fragment } = record
  const inner =
    keys.suite === TLS_PSK_WITH_AES_128_CCM_8
      ? openCcm8(crypto, keys, record, fragment)
      : keys.encryptThenMac
        ? openEncryptThenMac(crypto, keys, record, fragment)
        : openMacThenEncrypt(crypto, keys, record, fragment)
  if (inner === undefined || inner.length > plaintextBytesMax) return undefined
  return contentType === ContentType.tls12_cid ? stripInner(inner) : { contentType, fragment: inner }
}

/** DTLSInnerPlaintext (RFC 9146 §4): content ‖ real_type ‖ zeros. No padding is added. */
function innerPlaintext(content: Uint8Array, contentType: number): Uint8Array {
  const inner = new Uint8Array(content.length + 1)
  inner.set(content)
  inner[content.length] = contentType
  return inner
}

function stripInner(inner: Uint8Array): Plaintext | undefined {
  let end = inner.length
  while (end > 0 && inner[end - 1] === 0) end--
  // All zeros: no type at all (RFC 9146 §4).
  if (end === 0) return undefined
  const contentType = inner[end - 1]!
  // RFC 9146 §4 lets no record be nested in another.
  if (contentType === ContentType.tls12_cid) return undefined
  return { contentType, fragment: inner.subarray(0, end - 1) }
}
