import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"

/** RFC 6347 §4.2.1. */
export interface HelloVerifyRequest {
  /** DTLS 1.0 whatever version is negotiated later, so that no client takes it for the negotiated one. */
  readonly version: number
  /** 0–255 bytes. */
  readonly cookie: Uint8Array
}

export function encodeHelloVerifyRequest(request: HelloVerifyRequest): Uint8Array {
  return new Writer().uint16(request.version).vector8(request.cookie).finish()
}

export function decodeHelloVerifyRequest(body: Uint8Array): Result.Result<HelloVerifyRequest, DecodeError> {
  const reader = new Reader(body)
  const version = reader.uint16()
  const cookie = reader.vector8()
  return reader.complete
    ? Result.succeed({ version, cookie })
    : Result.fail({ by: "peer", reason: "Truncated", message: "hello_verify_request" })
}
