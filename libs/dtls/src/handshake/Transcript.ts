import type { Crypto } from "../Crypto.ts"
import { concatBytes, emptyBytes } from "../internal/bytes.ts"
import { encodeHandshake, type HandshakeMessage } from "./Header.ts"

/**
 * The messages that Finished and the session hash cover (RFC 5246 §7.4.9, RFC 7627 §3), each with its header as if
 * unfragmented. They lack the first ClientHello and the HelloVerifyRequest (RFC 6347 §4.2.6).
 *
 * Kept as bytes and hashed when needed, since a running SHA-256 can't be sent to another process; a PSK handshake has
 * less than 600 bytes.
 */
export class Transcript {
  #bytes: Uint8Array

  constructor(bytes: Uint8Array = emptyBytes) {
    this.#bytes = bytes
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  append(message: HandshakeMessage): void {
    this.#bytes = concatBytes([this.#bytes, encodeHandshake(message.type, message.messageSeq, message.body)])
  }

  hash(crypto: Crypto): Uint8Array {
    return crypto.sha256(this.#bytes)
  }

  /** As if `message` had been appended. */
  hashWith(crypto: Crypto, message: HandshakeMessage): Uint8Array {
    return crypto.sha256(this.#bytes, encodeHandshake(message.type, message.messageSeq, message.body))
  }
}
