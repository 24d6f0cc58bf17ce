import type { Crypto } from "../Crypto.ts"
import type { ClientHello } from "../handshake/ClientHello.ts"
import { asciiBytes, constantTimeEqual } from "../internal/bytes.ts"
import { Writer } from "../internal/Writer.ts"
import { cookieBytes, cookiePeriodMillis } from "../Limits.ts"

/**
 * Stateless cookies (RFC 6347 §4.2.1): HMAC over the peer's address and the parameters that both ClientHellos share.
 * The key changes every period and is derived from one routing key, so that every edge takes every other edge's cookies.
 * The previous period's are still taken.
 */
export class CookieSecrets {
  readonly #routingKey: Uint8Array
  readonly #previousKey: Uint8Array | undefined
  readonly #wallOf: (now: number) => number
  #period = -1
  #current: Uint8Array = new Uint8Array(0)
  /** The period before under the same key, and both periods under the previous one. */
  #others: ReadonlyArray<Uint8Array> = []

  /**
   * `wallOf`: milliseconds since 1970, the same on all edges to within a period, at a moment of the callers' clock. `previousKey`: its
   * cookies are taken too, while keys are exchanged.
   */
  constructor(routingKey: Uint8Array, wallOf: (now: number) => number = (now) => now, previousKey?: Uint8Array) {
    this.#routingKey = routingKey
    this.#previousKey = previousKey
    this.#wallOf = wallOf
  }

  cookie(crypto: Crypto, now: number, address: Uint8Array, hello: ClientHello): Uint8Array {
    this.#rotate(crypto, now)
    return cookieOf(crypto, this.#current, cookieInput(address, hello))
  }

  verify(crypto: Crypto, now: number, address: Uint8Array, hello: ClientHello): boolean {
    if (hello.cookie.length !== cookieBytes) return false
    this.#rotate(crypto, now)
    const input = cookieInput(address, hello)
    return (
      constantTimeEqual(hello.cookie, cookieOf(crypto, this.#current, input)) ||
      this.#others.some((secret) => constantTimeEqual(hello.cookie, cookieOf(crypto, secret, input)))
    )
  }

  #rotate(crypto: Crypto, now: number): void {
    const period = Math.floor(this.#wallOf(now) / cookiePeriodMillis)
    if (period === this.#period) return
    this.#period = period
    const [key, previous] = [this.#routingKey, this.#previousKey]
    this.#current = secretOf(crypto, key, period)
    this.#others = [
      secretOf(crypto, key, period - 1),
      ...(previous === undefined ? [] : [secretOf(crypto, previous, period), secretOf(crypto, previous, period - 1)])
    ]
  }
}

function secretOf(crypto: Crypto, key: Uint8Array, period: number): Uint8Array {
  return crypto.hmacSha256(key, label, new Writer().uint48(Math.max(0, period)).finish())
}

function cookieInput(address: Uint8Array, hello: ClientHello): Uint8Array {
  const input = new Writer()
    .vector8(address)
    .uint16(hello.version)
    .put(hello.random)
    .vector8(hello.sessionId)
    .uint16(hello.cipherSuites.length)
  for (const suite of hello.cipherSuites) input.uint16(suite)
  return input.vector8(hello.compressionMethods).finish()
}

function cookieOf(crypto: Crypto, secret: Uint8Array, input: Uint8Array): Uint8Array {
  return crypto.hmacSha256(secret, input).subarray(0, cookieBytes)
}

const label = asciiBytes("cookie")
