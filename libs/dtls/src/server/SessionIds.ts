import type { Crypto } from "../Crypto.ts"
import { asciiBytes, concatBytes, constantTimeEqual } from "../internal/bytes.ts"

const randomPartBytes = 16
const macPartBytes = 16

/**
 * Session ids of 16 random bytes and 16 bytes of HMAC over them under the routing key. An edge recognises its own kind
 * without any table, so that only ids that were really handed out are worth a question to the actors.
 */
export class SessionIds {
  readonly #routingKey: Uint8Array

  constructor(routingKey: Uint8Array) {
    this.#routingKey = routingKey
  }

  issue(crypto: Crypto): Uint8Array {
    const random = crypto.randomBytes(randomPartBytes)
    return concatBytes([random, this.#mac(crypto, random)])
  }

  isIssued(crypto: Crypto, sessionId: Uint8Array): boolean {
    if (sessionId.length !== randomPartBytes + macPartBytes) return false
    const mac = this.#mac(crypto, sessionId.subarray(0, randomPartBytes))
    return constantTimeEqual(mac, sessionId.subarray(randomPartBytes))
  }

  #mac(crypto: Crypto, random: Uint8Array): Uint8Array {
    return crypto.hmacSha256(this.#routingKey, label, random).subarray(0, macPartBytes)
  }
}

const label = asciiBytes("session id")
