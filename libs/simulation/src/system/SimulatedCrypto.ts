import type { Crypto } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"

/** The real cryptography with random bytes from the seed, which hears of every record that is sealed. */
export const simulatedCrypto = (
  random: () => number,
  sealed: (key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array) => void
): Crypto => ({
  randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(256 * random())),
  sha256: (first, second) => dtlsCrypto.sha256(first, second),
  hmacSha256: (key, first, second) => dtlsCrypto.hmacSha256(key, first, second),
  prf: (secret, label, first, second, length) => dtlsCrypto.prf(secret, label, first, second, length),
  ccm8Seal: (key, nonce, additionalData, plaintext, target, offset) => {
    sealed(key, nonce, additionalData, plaintext)
    dtlsCrypto.ccm8Seal(key, nonce, additionalData, plaintext, target, offset)
  },
  ccm8Open: (key, nonce, additionalData, sealedBytes) => dtlsCrypto.ccm8Open(key, nonce, additionalData, sealedBytes),
  cbcEncrypt: (key, iv, padded, target, offset) => dtlsCrypto.cbcEncrypt(key, iv, padded, target, offset),
  cbcDecrypt: (key, iv, ciphertext) => dtlsCrypto.cbcDecrypt(key, iv, ciphertext)
})
