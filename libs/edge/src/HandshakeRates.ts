import { Allowances, BoundedMap, sourceOf } from "@roost/bounded"
import type { EdgeLimits } from "./EdgeLimits.ts"

type RateLimits = Pick<
  EdgeLimits,
  | "handshakesBurstMax"
  | "handshakesPerSecondMax"
  | "handshakesPerSourceBurstMax"
  | "handshakesPerSourceSecondMax"
  | "ratesMax"
>

/**
 * How many handshakes an address, and a source, may begin (D15). They are charged where a cookie proved the address: a forger of an
 * address uses up nobody's. A listener can copy a cookie. So a cookie that comes again takes from another rate of the address than a
 * new one. Pure.
 */
export class HandshakeRates {
  readonly #ofAddress: Allowances<number | string>
  /** Of hellos whose cookie was seen before. */
  readonly #ofRepeats: Allowances<number | string>
  readonly #ofSource: Allowances<number | string>
  readonly #cookiesSeen: BoundedMap<string, true>

  constructor(limits: RateLimits) {
    const rates = (perSecond: number, burst: number) =>
      new Allowances<number | string>({ perSecond, burst, max: limits.ratesMax })
    this.#ofAddress = rates(limits.handshakesPerSecondMax, limits.handshakesBurstMax)
    this.#ofRepeats = rates(limits.handshakesPerSecondMax, limits.handshakesBurstMax)
    this.#ofSource = rates(limits.handshakesPerSourceSecondMax, limits.handshakesPerSourceBurstMax)
    this.#cookiesSeen = new BoundedMap(limits.ratesMax)
  }

  /** Charges the address that `cookie` proved; false where nothing is left of its rate or of its source's. */
  take(now: number, peerKey: number | string, cookie: Uint8Array): boolean {
    const packed = Buffer.from(cookie.buffer, cookie.byteOffset, cookie.length).toString("latin1")
    const ofAddress = this.#cookiesSeen.has(packed) ? this.#ofRepeats : this.#ofAddress
    if (!ofAddress.take(now, peerKey) || !this.#ofSource.take(now, sourceOf(peerKey))) return false
    this.#cookiesSeen.set(packed, true)
    return true
  }
}
