import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"
import { sessionIdBytesMax } from "./ClientHello.ts"
import { decodeExtensions, putExtensions, type HelloExtensions } from "./Extension.ts"

/** RFC 5246 §7.4.1.3. */
export interface ServerHello {
  readonly version: number
  /** 32 bytes. */
  readonly random: Uint8Array
  /** 0–32 bytes; the client's own if the session is resumed. */
  readonly sessionId: Uint8Array
  readonly cipherSuite: number
  readonly extensions: HelloExtensions
}

export function encodeServerHello(hello: ServerHello): Uint8Array {
  const writer = new Writer()
    .uint16(hello.version)
    .put(hello.random)
    .vector8(hello.sessionId)
    .uint16(hello.cipherSuite)
    .uint8(0)
  return putExtensions(writer, hello.extensions).finish()
}

export function decodeServerHello(body: Uint8Array): Result.Result<ServerHello, DecodeError> {
  const reader = new Reader(body)
  const version = reader.uint16()
  const random = reader.take(32)
  const sessionId = reader.vector8()
  const cipherSuite = reader.uint16()
  const compressionMethod = reader.uint8()
  if (reader.failed) return Result.fail({ by: "peer", reason: "Truncated", message: "server_hello" })
  if (sessionId.length > sessionIdBytesMax) return illegal("session_id")
  if (compressionMethod !== 0) return illegal("compression_method")
  return Result.map(decodeExtensions(reader, "server_hello"), (extensions) => ({
    version,
    random,
    sessionId,
    cipherSuite,
    extensions
  }))
}

function illegal(what: string): Result.Result<never, DecodeError> {
  return Result.fail({ by: "peer", reason: "IllegalValue", message: "server_hello", what })
}
