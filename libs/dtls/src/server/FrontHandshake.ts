import type { CipherSuite } from "../CipherSuite.ts"
import type { HandshakeMessage } from "../handshake/Header.ts"
import type { Reassembly } from "../handshake/Reassembly.ts"

/** ServerHello and ServerHelloDone are out. */
export interface AwaitKeyExchange {
  readonly _tag: "AwaitKeyExchange"
  readonly deadline: number
  /** With header: for the transcript, and to know a repeated one. */
  readonly clientHello: Uint8Array
  readonly clientRandom: Uint8Array
  readonly flight: ReadonlyArray<HandshakeMessage>
  readonly plaintextBytesMax: number
  /** Of the awaited ClientKeyExchange. */
  readonly messageSeq: number
  nextSequence: number
  reassembly: Reassembly | undefined
  readonly kept: Array<Uint8Array>
  keptBytes: number
}

/** The actors were asked for the session; `resumeTaken` or `resumeMissed` is awaited. */
export interface AwaitResumption {
  readonly _tag: "AwaitResumption"
  readonly deadline: number
  readonly clientHello: Uint8Array
  readonly sequence: number
  readonly suite: CipherSuite
}

export type FrontHandshake = AwaitKeyExchange | AwaitResumption
