import { allocate } from "../internal/allocate.ts"

/** RFC 5246 §7.4, RFC 6347 §4.3.2: those that a PSK handshake knows. */
export const HandshakeType = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  hello_verify_request: 3,
  server_key_exchange: 12,
  server_hello_done: 14,
  client_key_exchange: 16,
  finished: 20
} as const

export type HandshakeName = keyof typeof HandshakeType

/** msg_type, length, message_seq, fragment_offset, fragment_length (RFC 6347 §4.2.2). */
export const handshakeHeaderBytes = 12

/** One fragment as it lies in its record; an unfragmented message is a fragment that covers it all. */
export interface HandshakeFragment {
  readonly type: number
  /** Of the whole message, without header. */
  readonly length: number
  readonly messageSeq: number
  readonly fragmentOffset: number
  readonly fragment: Uint8Array
  /** Offset behind this fragment: a record may hold several. */
  readonly next: number
}

/** A whole message. */
export interface HandshakeMessage {
  readonly type: number
  readonly messageSeq: number
  readonly body: Uint8Array
}

/** Undefined if the header is cut off or the fragment reaches past the record or past its own message. */
export function readHandshakeFragment(record: Uint8Array, offset: number): HandshakeFragment | undefined {
  const start = offset + handshakeHeaderBytes
  if (start > record.length) return undefined
  const length = uint24(record, offset + 1)
  const fragmentOffset = uint24(record, offset + 6)
  const fragmentLength = uint24(record, offset + 9)
  const next = start + fragmentLength
  if (next > record.length || fragmentOffset + fragmentLength > length) return undefined
  return {
    type: record[offset]!,
    length,
    messageSeq: (record[offset + 4]! << 8) | record[offset + 5]!,
    fragmentOffset,
    fragment: record.subarray(start, next),
    next
  }
}

/** Of a transcript, each with its header as if unfragmented; none if it is something else. */
export function messagesOf(transcript: Uint8Array): ReadonlyArray<HandshakeMessage> {
  const messages: Array<HandshakeMessage> = []
  for (let at = 0; at < transcript.length;) {
    const fragment = readHandshakeFragment(transcript, at)
    if (fragment === undefined) return []
    messages.push({ type: fragment.type, messageSeq: fragment.messageSeq, body: fragment.fragment })
    at = fragment.next
  }
  return messages
}

export function isWhole(fragment: HandshakeFragment): boolean {
  return fragment.fragment.length === fragment.length
}

/** Header and body, unfragmented: also the form in which a message enters the transcript (RFC 6347 §4.2.6). */
export function encodeHandshake(type: number, messageSeq: number, body: Uint8Array): Uint8Array {
  const message = allocate(handshakeHeaderBytes + body.length)
  message.set(body, writeHandshakeHeader(message, 0, type, messageSeq, body.length))
  return message
}

/** Reads back what `encodeHandshake` wrote. */
export function wholeMessage(bytes: Uint8Array): HandshakeMessage {
  return {
    type: bytes[0]!,
    messageSeq: (bytes[4]! << 8) | bytes[5]!,
    body: bytes.subarray(handshakeHeaderBytes)
  }
}

/**
 * Cuts a message into fragments of at most `fragmentBytesMax` bytes of record content, header included
 * (RFC 6347 §4.2.3). An empty message is one empty fragment.
 */
export function fragmentHandshake(message: HandshakeMessage, fragmentBytesMax: number): ReadonlyArray<Uint8Array> {
  const { body } = message
  const step = Math.max(1, fragmentBytesMax - handshakeHeaderBytes)
  const fragments: Array<Uint8Array> = []
  let offset = 0
  do {
    const part = body.subarray(offset, offset + step)
    fragments.push(encodeFragment(message.type, message.messageSeq, body.length, offset, part))
    offset += step
  } while (offset < body.length)
  return fragments
}

function encodeFragment(
  type: number,
  messageSeq: number,
  length: number,
  fragmentOffset: number,
  fragment: Uint8Array
): Uint8Array {
  const bytes = allocate(handshakeHeaderBytes + fragment.length)
  writeHandshakeHeader(bytes, 0, type, messageSeq, length, fragmentOffset, fragment.length)
  bytes.set(fragment, handshakeHeaderBytes)
  return bytes
}

/** Writes a header, of a whole message unless a fragment is given, and returns the offset behind it. */
export function writeHandshakeHeader(
  target: Uint8Array,
  offset: number,
  type: number,
  messageSeq: number,
  length: number,
  fragmentOffset = 0,
  fragmentLength = length
): number {
  target[offset] = type
  writeUint24(target, offset + 1, length)
  target[offset + 4] = messageSeq >>> 8
  target[offset + 5] = messageSeq
  writeUint24(target, offset + 6, fragmentOffset)
  writeUint24(target, offset + 9, fragmentLength)
  return offset + handshakeHeaderBytes
}

function writeUint24(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 16
  target[at + 1] = value >>> 8
  target[at + 2] = value
}

function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
}
