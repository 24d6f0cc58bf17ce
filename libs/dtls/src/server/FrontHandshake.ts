import type { CipherSuite } from "../CipherSuite.ts"
import { type HandshakeMessage, HandshakeType } from "../handshake/Header.ts"
import { encodeServerHelloDone } from "../handshake/ServerHelloDone.ts"
import { unpackBytes } from "../internal/bytes.ts"
import type { Peer } from "../Peer.ts"

/**
 * ServerHello and ServerHelloDone are out. There may be 65 536 of them, so messages are packed (`packBytes`). Arrays of their
 * own would take 200 bytes each for their bookkeeping, or keep a block that they share.
 */
export interface AwaitKeyExchange {
  readonly _tag: "AwaitKeyExchange"
  readonly peer: Peer
  readonly deadline: number
  /** Packed, with header: for the transcript, and to know a repeated one. */
  readonly clientHello: string
  /** Packed, without header. */
  readonly serverHello: string
  /** Packed: the connection id that the server chose; empty if the client takes none. */
  readonly connectionId: string
  readonly plaintextBytesMax: number
  /** Of the awaited ClientKeyExchange. */
  readonly messageSeq: number
  nextSequence: number
  /** Earlier ones of the same peer, oldest first: its client may answer any of them. */
  formers: ReadonlyArray<AwaitKeyExchange>
  /** Packed: ClientKeyExchanges with which it was handed off. No owner has confirmed one yet; any of them may be forged. */
  exchanges: ReadonlyArray<string>
  kept: Array<Uint8Array> | undefined
  keptBytes: number
}

/** The actors were asked for the session; `resumeTaken` or `resumeMissed` is awaited. */
export interface AwaitResumption {
  readonly _tag: "AwaitResumption"
  readonly deadline: number
  /** As in AwaitKeyExchange. */
  readonly clientHello: string
  readonly sequence: number
  readonly suite: CipherSuite
  readonly formers: ReadonlyArray<AwaitKeyExchange>
}

export type FrontHandshake = AwaitKeyExchange | AwaitResumption

/** The newest one of its peer that waits for a ClientKeyExchange, or waited. */
export function newestAnswered(handshake: FrontHandshake): AwaitKeyExchange | undefined {
  return handshake._tag === "AwaitKeyExchange" ? handshake : handshake.formers.at(-1)
}

/** All of its peer that were answered with a ServerHello, oldest first. */
export function answeredOf(handshake: FrontHandshake): ReadonlyArray<AwaitKeyExchange> {
  return handshake._tag === "AwaitKeyExchange" ? [...handshake.formers, handshake] : handshake.formers
}

export function isHandedOff(handshake: FrontHandshake): boolean {
  return handshake._tag === "AwaitKeyExchange" && handshake.exchanges.length > 0
}

/** ServerHello and ServerHelloDone. */
export function flightOf({ messageSeq, serverHello }: AwaitKeyExchange): ReadonlyArray<HandshakeMessage> {
  return [
    { type: HandshakeType.server_hello, messageSeq: messageSeq - 1, body: unpackBytes(serverHello) },
    { type: HandshakeType.server_hello_done, messageSeq, body: encodeServerHelloDone() }
  ]
}
