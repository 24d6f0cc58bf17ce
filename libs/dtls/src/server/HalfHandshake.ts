import * as Result from "effect/Result"
import type { StateError } from "../errors.ts"
import type { HandshakeMessage } from "../handshake/Header.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"

/**
 * A handshake on its way from the edge, which negotiated it, to the actor, which has the key. All that was agreed on is
 * in the transcript itself.
 */
export interface HalfHandshake {
  /** `Peer.address`. */
  readonly address: Uint8Array
  /** One for each ClientHello that the client may have gone on with, oldest first, at least one; Finished tells which it is. */
  readonly alternatives: ReadonlyArray<HalfAlternative>
  /** Whole records that came before ClientKeyExchange or with it, in order. */
  readonly records: ReadonlyArray<Uint8Array>
}

export interface HalfAlternative {
  /** The next record sequence number of the server in epoch 0. */
  readonly nextSequence: number
  /** ClientHello, ServerHello, ServerHelloDone, ClientKeyExchange, each with its header as if unfragmented. */
  readonly transcript: Uint8Array
}

/** A ClientHello that asks for a session to be resumed, on its way to the actor that may hold it. */
export interface ResumeHello {
  readonly address: Uint8Array
  /** Of the record that carried it: the ServerHello copies it (RFC 6347 §4.2.1). */
  readonly sequence: number
  /** With its header as if unfragmented. */
  readonly clientHello: Uint8Array
  /** An actor's answer without its header: random and connection id are in the keys. Empty if none did. */
  readonly serverHello: Uint8Array
}

const halfVersion = 1
const helloVersion = 2
/** Of a half handshake with several alternatives: in front of them is their number. */
const halvesVersion = 3

/** The input of `encodeHalf`: a HalfHandshake's transcripts in the pieces that the edge has. */
export interface HalfHandshakeParts extends Omit<HalfHandshake, "alternatives"> {
  readonly alternatives: ReadonlyArray<{
    readonly nextSequence: number
    /** With its header as if unfragmented. */
    readonly clientHello: Uint8Array
    /** Those after it. */
    readonly messages: ReadonlyArray<HandshakeMessage>
  }>
}

export function encodeHalf(half: HalfHandshakeParts): Uint8Array {
  const { address, alternatives, records } = half
  const writer = new Writer()
  if (alternatives.length === 1) writer.uint8(halfVersion).vector8(address)
  else writer.uint8(halvesVersion).vector8(address).uint8(alternatives.length)
  for (const { clientHello, messages, nextSequence } of alternatives) {
    const lengthAt = writer.uint48(nextSequence).skip16()
    writer.put(clientHello)
    for (const { body, messageSeq, type } of messages) {
      writer.uint8(type).uint24(body.length).uint16(messageSeq).uint24(0).uint24(body.length).put(body)
    }
    writer.fill16(lengthAt)
  }
  for (const record of records) writer.vector16(record)
  return writer.finish()
}

export function decodeHalf(bytes: Uint8Array): Result.Result<HalfHandshake, StateError> {
  const reader = new Reader(bytes)
  const version = reader.uint8()
  if (version !== halfVersion && version !== halvesVersion)
    return unknownVersion("half handshake", halfVersion, version)
  const address = reader.vector8()
  const count = version === halfVersion ? 1 : reader.uint8()
  const alternatives: Array<HalfAlternative> = []
  for (let i = 0; i < count && !reader.failed; i++) {
    alternatives.push({ nextSequence: reader.uint48(), transcript: reader.vector16() })
  }
  const records: Array<Uint8Array> = []
  while (reader.remaining > 0 && !reader.failed) records.push(reader.vector16())
  return reader.complete && count > 0 ? Result.succeed({ address, alternatives, records }) : truncated("half handshake")
}

export function encodeResumeHello(hello: ResumeHello): Uint8Array {
  return new Writer()
    .uint8(helloVersion)
    .vector8(hello.address)
    .uint48(hello.sequence)
    .vector16(hello.clientHello)
    .vector16(hello.serverHello)
    .finish()
}

export function decodeResumeHello(bytes: Uint8Array): Result.Result<ResumeHello, StateError> {
  const reader = new Reader(bytes)
  const version = reader.uint8()
  if (version !== helloVersion) return unknownVersion("resume hello", helloVersion, version)
  const address = reader.vector8()
  const sequence = reader.uint48()
  const clientHello = reader.vector16()
  const serverHello = reader.vector16()
  return reader.complete ? Result.succeed({ address, sequence, clientHello, serverHello }) : truncated("resume hello")
}

function unknownVersion(what: string, expected: number, got: number): Result.Result<never, StateError> {
  return Result.fail({ by: "local", reason: "UnknownVersion", expected: `${what} version ${expected}`, got })
}

function truncated(what: string): Result.Result<never, StateError> {
  return Result.fail({ by: "local", reason: "Truncated", expected: what })
}
