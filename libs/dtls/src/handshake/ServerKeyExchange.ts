import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"

/** RFC 4279 §2: only the identity hint. Our server omits the message, a client has to read it. */
export interface ServerKeyExchange {
  readonly pskIdentityHint: Uint8Array
}

export function encodeServerKeyExchange(exchange: ServerKeyExchange): Uint8Array {
  return new Writer().vector16(exchange.pskIdentityHint).finish()
}

export function decodeServerKeyExchange(body: Uint8Array): Result.Result<ServerKeyExchange, DecodeError> {
  const reader = new Reader(body)
  const pskIdentityHint = reader.vector16()
  return reader.complete
    ? Result.succeed({ pskIdentityHint })
    : Result.fail({ by: "peer", reason: "Truncated", message: "server_key_exchange" })
}
