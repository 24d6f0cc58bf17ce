import {
  ContentType,
  HandshakeType,
  readHandshakeFragment,
  readRecord,
  type RecordView,
  serverCidBytes
} from "@roost/dtls"

/**
 * Whether a datagram can be one of a client's last flight: a piece of ClientKeyExchange, ChangeCipherSpec or Finished, or all of them
 * (RFC 5246 §7.3). Only the first record is looked at, and no byte is decrypted.
 */
export const isOfLastFlight = (datagram: Uint8Array): boolean => {
  if (datagram.length > lastFlightBytesMax) return false
  const record = readRecord(datagram, 0, serverCidBytes)
  if (record === undefined) return false
  switch (record.contentType) {
    case ContentType.handshake:
      return record.epoch === 0 ? isOfKeyExchange(record) : isFinished(record)
    case ContentType.change_cipher_spec:
      return record.epoch === 0 && record.fragment.length === 1 && record.fragment[0] === 1
    case ContentType.tls12_cid:
      return isFinished(record)
    default:
      return false
  }
}

const isOfKeyExchange = ({ fragment }: RecordView): boolean =>
  readHandshakeFragment(fragment, 0)?.type === HandshakeType.client_key_exchange

/** As far as that can be seen from outside. */
const isFinished = ({ epoch, fragment, sequence }: RecordView): boolean =>
  epoch === 1 &&
  sequence < finishedSequenceMax &&
  fragment.length >= finishedBytesMin &&
  fragment.length <= finishedBytesMax

/** The longest of a PSK handshake has 270 bytes: an identity of 128, and a Finished under CBC and a connection id. */
const lastFlightBytesMax = 512

/** A client's first protected record is its Finished, and the next ones are its repetitions: seven in 63 s (RFC 6347 §4.2.4.1). */
const finishedSequenceMax = 16

/** Header and verify_data have 24 bytes; CCM_8 adds 16 (RFC 6655 §3), CBC with SHA-256 56, and RFC 9146 §5 a type and padding. */
const finishedBytesMin = 40
const finishedBytesMax = 128
