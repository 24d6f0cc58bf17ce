import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"
import { decodeExtensions, encodeExtensions, type HelloExtensions } from "./Extension.ts"

/** RFC 6347 §4.2.1, RFC 5246 §7.4.1.2. */
export interface ClientHello {
  readonly version: number
  /** 32 bytes. */
  readonly random: Uint8Array
  /** 0–32 bytes. */
  readonly sessionId: Uint8Array
  /** 0–255 bytes; empty in a first ClientHello. */
  readonly cookie: Uint8Array
  readonly cipherSuites: ReadonlyArray<number>
  readonly compressionMethods: Uint8Array
  readonly extensions: HelloExtensions
}

export const sessionIdBytesMax = 32

export function encodeClientHello(hello: ClientHello): Uint8Array {
  const writer = new Writer()
    .uint16(hello.version)
    .put(hello.random)
    .vector8(hello.sessionId)
    .vector8(hello.cookie)
    .uint16(hello.cipherSuites.length * 2)
  for (const suite of hello.cipherSuites) writer.uint16(suite)
  return writer.vector8(hello.compressionMethods).put(encodeExtensions(hello.extensions)).finish()
}

export function decodeClientHello(body: Uint8Array): Result.Result<ClientHello, DecodeError> {
  const reader = new Reader(body)
  const version = reader.uint16()
  const random = reader.take(32)
  const sessionId = reader.vector8()
  const cookie = reader.vector8()
  const suites = reader.vector16()
  const compressionMethods = reader.vector8()
  if (reader.failed) return Result.fail({ by: "peer", reason: "Truncated", message: "client_hello" })
  if (sessionId.length > sessionIdBytesMax) return illegal("session_id")
  if (suites.length < 2 || suites.length % 2 !== 0) return illegal("cipher_suites")
  if (!compressionMethods.includes(0)) return illegal("compression_methods")
  return Result.map(decodeExtensions(reader, "client_hello"), (extensions) => {
    const cipherSuites: Array<number> = []
    for (let i = 0; i < suites.length; i += 2) cipherSuites.push((suites[i]! << 8) | suites[i + 1]!)
    return { version, random, sessionId, cookie, cipherSuites, compressionMethods, extensions }
  })
}

function illegal(what: string): Result.Result<never, DecodeError> {
  return Result.fail({ by: "peer", reason: "IllegalValue", message: "client_hello", what })
}
