import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"
import { decodeExtensions, putExtensions, type HelloExtensions } from "./Extension.ts"

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
  return putExtensions(writer.vector8(hello.compressionMethods), hello.extensions).finish()
}

export function decodeClientHello(body: Uint8Array): Result.Result<ClientHello, DecodeError> {
  const reader = new Reader(body)
  const version = reader.uint16()
  const random = reader.take(32)
  const sessionId = reader.vector8()
  const cookie = reader.vector8()
  const suitesBytes = reader.uint16()
  const suitesAt = reader.offset
  reader.skip(suitesBytes)
  const compressionMethods = reader.vector8()
  if (reader.failed) return Result.fail({ by: "peer", reason: "Truncated", message: "client_hello" })
  if (sessionId.length > sessionIdBytesMax) return illegal("session_id")
  if (suitesBytes < 2 || suitesBytes % 2 !== 0) return illegal("cipher_suites")
  if (!compressionMethods.includes(0)) return illegal("compression_methods")
  const extensions = decodeExtensions(reader, "client_hello")
  if (Result.isFailure(extensions)) return Result.fail(extensions.failure)
  const cipherSuites: Array<number> = []
  for (let at = suitesAt; at < suitesAt + suitesBytes; at += 2) cipherSuites.push((body[at]! << 8) | body[at + 1]!)
  return Result.succeed({
    version,
    random,
    sessionId,
    cookie,
    cipherSuites,
    compressionMethods,
    extensions: extensions.success
  })
}

function illegal(what: string): Result.Result<never, DecodeError> {
  return Result.fail({ by: "peer", reason: "IllegalValue", message: "client_hello", what })
}
