import { concatBytes } from "../internal/bytes.ts"
import { ContentType, encodePlaintextRecord, recordHeaderBytes } from "../record/Header.ts"
import { fragmentHandshake, type HandshakeMessage } from "./Header.ts"

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
