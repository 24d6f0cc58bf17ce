import type { Cipher } from "../Cipher.ts"

/** The 8 explicit octets of the next record's nonce, given those that RFC 6655 §3 asks for: epoch ‖ sequence. */
export type ExplicitNonce = (epochAndSequence: Uint8Array) => Uint8Array

/**
 * `crypto` of a DTLS sender that chooses the explicit part of its CCM nonces itself, for tests of receivers. wolfSSL, Erlang/OTP
 * and others do so. The octets lie in front of the ciphertext, where the record layer has put epoch ‖ sequence already.
 */
export function withExplicitNonces<C extends Pick<Cipher, "ccm8Seal">>(crypto: C, choose: ExplicitNonce): C {
  return {
    ...crypto,
    ccm8Seal(key, nonce, additionalData, plaintext, target, offset) {
      const explicit = choose(nonce.slice(implicitBytes))
      const chosen = new Uint8Array(nonce)
      chosen.set(explicit, implicitBytes)
      target.set(explicit, offset - explicit.length)
      crypto.ccm8Seal(key, chosen, additionalData, plaintext, target, offset)
    }
  }
}

/** From a start that has nothing to do with the record's numbers, as wolfSSL and Erlang/OTP count. */
export function countingNonces(start = 0xfeed_beefn): ExplicitNonce {
  let next = start
  return () => {
    const octets = new Uint8Array(8)
    new DataView(octets.buffer).setBigUint64(0, next++)
    return octets
  }
}

/** As pion before 3.0 and webrtc-rs send them. */
export function randomNonces(crypto: { randomBytes(length: number): Uint8Array }): ExplicitNonce {
  return () => crypto.randomBytes(8)
}

/** Epoch ‖ sequence in the other order of bytes. */
export const reversedNonces: ExplicitNonce = (epochAndSequence) => epochAndSequence.toReversed()

const implicitBytes = 4
