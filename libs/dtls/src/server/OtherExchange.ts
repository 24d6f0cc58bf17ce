import * as Result from "effect/Result"
import { decodeClientKeyExchange } from "../handshake/ClientKeyExchange.ts"
import { handshakeHeaderBytes, HandshakeType, isWhole, messagesOf, readHandshakeFragment } from "../handshake/Header.ts"
import { equalBytes } from "../internal/bytes.ts"
import { frontHalfLimits, serverCidBytes } from "../Limits.ts"
import { readRecord, wholeRecords } from "../record/Header.ts"
import { decodeHalf, encodeHalf } from "./HalfHandshake.ts"

/** A handshake that was handed off, with another ClientKeyExchange. */
export interface OtherExchange {
  readonly identity: Uint8Array
  readonly half: Uint8Array
}

/**
 * Of a datagram behind a hand-off: the same handshake with the ClientKeyExchange that begins the datagram, if it is not the one that
 * `half` has. Anybody who forges the client's address can be first with one, which nothing protects (RFC 5246 §7.4.7); the
 * client repeats its own. Undefined for every other datagram.
 */
export function otherExchange(
  half: Uint8Array,
  datagram: Uint8Array,
  limits = frontHalfLimits
): OtherExchange | undefined {
  const record = readRecord(datagram, 0, serverCidBytes)
  if (record === undefined || record.epoch !== 0) return undefined
  const fragment = readHandshakeFragment(record.fragment, 0)
  if (fragment?.type !== HandshakeType.client_key_exchange || !isWhole(fragment)) return undefined
  if (fragment.length > 2 + limits.identityBytesMax) return undefined
  const exchange = decodeClientKeyExchange(fragment.fragment)
  const decoded = decodeHalf(half)
  if (Result.isFailure(exchange) || Result.isFailure(decoded)) return undefined
  const { address, nextSequence, transcript } = decoded.success
  const messages = messagesOf(transcript)
  const known = messages.at(-1)
  if (known?.messageSeq !== fragment.messageSeq || equalBytes(known.body, fragment.fragment)) return undefined
  const [hello] = messages
  const rest = wholeRecords(datagram.subarray(record.next), limits.bytesPerPeerMax)
  const { messageSeq, type } = fragment
  return {
    identity: exchange.success.pskIdentity,
    half: encodeHalf({
      address,
      nextSequence,
      clientHello: transcript.subarray(0, handshakeHeaderBytes + hello!.body.length),
      messages: [...messages.slice(1, -1), { type, messageSeq, body: fragment.fragment }],
      records: rest.length === 0 ? [] : [rest]
    })
  }
}
