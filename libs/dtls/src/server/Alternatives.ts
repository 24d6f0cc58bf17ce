import * as Result from "effect/Result"
import { decodeClientHello } from "../handshake/ClientHello.ts"
import { handshakeHeaderBytes, type HandshakeMessage, wholeMessage } from "../handshake/Header.ts"
import { packBytes, unpackBytes } from "../internal/bytes.ts"
import { serverCidBytes } from "../Limits.ts"
import { connectionIdAt } from "../record/Header.ts"
import type { AwaitKeyExchange } from "./FrontHandshake.ts"

/** Those that the datagram's records can be of: a connection id tells, if there is one. */
export function withConnectionIdOf(
  datagram: Uint8Array,
  alternatives: ReadonlyArray<AwaitKeyExchange>
): ReadonlyArray<AwaitKeyExchange> {
  const at = connectionIdAt(datagram)
  if (at === undefined || alternatives.length === 1) return alternatives
  const id = packBytes(datagram.subarray(at, at + serverCidBytes))
  const meant = alternatives.filter(({ connectionId }) => connectionId === id)
  return meant.length === 0 ? alternatives : meant
}

/** The newest of the same cookie; else the newest of a cookie that has more than one; else the newest. */
export function leastMissed(formers: ReadonlyArray<AwaitKeyExchange>, cookie: Uint8Array): number {
  const cookies = formers.map((former) => packBytes(cookieOf(former)))
  const own = cookies.lastIndexOf(packBytes(cookie))
  if (own >= 0) return own
  for (let at = cookies.length - 1; at > 0; at--) if (cookies.indexOf(cookies[at]!) < at) return at
  return cookies.length - 1
}

export function hasCookie(former: AwaitKeyExchange, cookie: Uint8Array): boolean {
  return packBytes(cookieOf(former)) === packBytes(cookie)
}

/** It decoded when it came in. */
function cookieOf({ clientHello }: AwaitKeyExchange): Uint8Array {
  return Result.getOrThrow(decodeClientHello(wholeMessage(unpackBytes(clientHello)).body)).cookie
}

/** Whether `packed`, with its header, is this message. */
export function isSameMessage(packed: string, { body, messageSeq, type }: HandshakeMessage): boolean {
  if (packed.length !== handshakeHeaderBytes + body.length || packed.charCodeAt(0) !== type) return false
  if (((packed.charCodeAt(4) << 8) | packed.charCodeAt(5)) !== messageSeq) return false
  for (let i = 0; i < body.length; i++) if (packed.charCodeAt(handshakeHeaderBytes + i) !== body[i]) return false
  return true
}
