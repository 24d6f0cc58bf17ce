import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"

/** RFC 4279 §2: names the key. Opaque bytes here; what they mean is the application's. */
export interface ClientKeyExchange {
  readonly pskIdentity: Uint8Array
}

export function encodeClientKeyExchange(exchange: ClientKeyExchange): Uint8Array {
  return new Writer().vector16(exchange.pskIdentity).finish()
}

export function decodeClientKeyExchange(body: Uint8Array): Result.Result<ClientKeyExchange, DecodeError> {
  const reader = new Reader(body)
  const pskIdentity = reader.vector16()
  return reader.complete
    ? Result.succeed({ pskIdentity })
    : Result.fail({ by: "peer", reason: "Truncated", message: "client_key_exchange" })
}
