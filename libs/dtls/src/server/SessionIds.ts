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
  readonly #previousKey: Uint8Array | undefined

  /** `previousKey`: ids made under it are recognised too, while keys are exchanged. */
  constructor(routingKey: Uint8Array, previousKey?: Uint8Array) {
    this.#routingKey = routingKey
    this.#previousKey = previousKey
  }

  issue(crypto: Crypto): Uint8Array {
    const random = crypto.randomBytes(randomPartBytes)
    return concatBytes([random, macOf(crypto, this.#routingKey, random)])
  }

  isIssued(crypto: Crypto, sessionId: Uint8Array): boolean {
    if (sessionId.length !== randomPartBytes + macPartBytes) return false
    const [random, mac] = [sessionId.subarray(0, randomPartBytes), sessionId.subarray(randomPartBytes)]
    if (constantTimeEqual(macOf(crypto, this.#routingKey, random), mac)) return true
    return this.#previousKey !== undefined && constantTimeEqual(macOf(crypto, this.#previousKey, random), mac)
  }
}

function macOf(crypto: Crypto, key: Uint8Array, random: Uint8Array): Uint8Array {
  return crypto.hmacSha256(key, label, random).subarray(0, macPartBytes)
}

const label = asciiBytes("session id")
