import { allocate } from "../internal/allocate.ts"
import { concatBytes, emptyBytes } from "../internal/bytes.ts"
import { ContentType, dtls12, encodePlaintextRecord, recordHeaderBytes, writeRecordHeader } from "../record/Header.ts"
import { fragmentHandshake, handshakeHeaderBytes, type HandshakeMessage, writeHandshakeHeader } from "./Header.ts"

/** Sizes that an unprotected flight keeps to. */
export interface FlightLimits {
  /** Largest content of one record, in bytes. */
  readonly plaintextBytesMax: number
  readonly datagramBytesMax: number
}

/**
 * The records of handshake messages in epoch 0, one message per record unless it has to be fragmented (RFC 6347 §4.2.3),
 * numbered from `sequence`.
 */
export function plaintextRecords(
  messages: ReadonlyArray<HandshakeMessage>,
  sequence: number,
  limits: FlightLimits
): ReadonlyArray<Uint8Array> {
  const fragmentBytesMax = Math.min(limits.plaintextBytesMax, limits.datagramBytesMax - recordHeaderBytes)
  let next = sequence
  return messages
    .flatMap((message) => fragmentHandshake(message, fragmentBytesMax))
    .map((fragment) => encodePlaintextRecord(ContentType.handshake, next++, fragment))
}

/**
 * One record of epoch 0 per message, all in one datagram, written in one piece. The messages must fit
 * (`flightBytes`); `version` as in `encodePlaintextRecord`.
 */
export function plaintextDatagram(
  messages: ReadonlyArray<HandshakeMessage>,
  sequence: number,
  version = dtls12
): Uint8Array {
  const datagram = allocate(flightBytes(messages))
  let at = 0
  for (let i = 0; i < messages.length; i++) {
    const { body, messageSeq, type } = messages[i]!
    const length = handshakeHeaderBytes + body.length
    const start = at
    at = writeRecordHeader(datagram, start, ContentType.handshake, 0, sequence + i, emptyBytes, length)
    datagram[start + 1] = version >>> 8
    datagram[start + 2] = version & 0xff
    at = writeHandshakeHeader(datagram, at, type, messageSeq, body.length)
    for (let n = 0; n < body.length; n++) datagram[at + n] = body[n]!
    at += body.length
  }
  return datagram
}

/** Length of the datagram that `plaintextDatagram` makes. */
export function flightBytes(messages: ReadonlyArray<HandshakeMessage>): number {
  let bytes = 0
  for (const { body } of messages) bytes += recordHeaderBytes + handshakeHeaderBytes + body.length
  return bytes
}

/** True if every message fits a record and all of them a datagram. */
export function fitsOneDatagram(messages: ReadonlyArray<HandshakeMessage>, limits: FlightLimits): boolean {
  return (
    flightBytes(messages) <= limits.datagramBytesMax &&
    messages.every(({ body }) => handshakeHeaderBytes + body.length <= limits.plaintextBytesMax)
  )
}

/** Fills datagrams with whole records in order (RFC 6347 §4.1.1). */
export function packRecords(records: ReadonlyArray<Uint8Array>, datagramBytesMax: number): ReadonlyArray<Uint8Array> {
  const datagrams: Array<Uint8Array> = []
  let batch: Array<Uint8Array> = []
  let bytes = 0
  for (const record of records) {
    if (bytes > 0 && bytes + record.length > datagramBytesMax) {
      datagrams.push(concatBytes(batch))
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += record.length
  }
  if (batch.length > 0) datagrams.push(concatBytes(batch))
  return datagrams
}
