import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { emptyBytes } from "../internal/bytes.ts"

/** RFC 5246 §7.4.5: nothing but its header. */
export function encodeServerHelloDone(): Uint8Array {
  return emptyBytes
}

export function decodeServerHelloDone(body: Uint8Array): Result.Result<void, DecodeError> {
  return body.length === 0
    ? Result.void
    : Result.fail({ by: "peer", reason: "Truncated", message: "server_hello_done" })
}
