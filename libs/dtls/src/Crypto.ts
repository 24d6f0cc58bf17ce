/**
 * All cryptography and entropy that DTLS needs, synchronous and without state, so that this library stays free of any
 * runtime. `@roost/dtls-crypto` implements it over node:crypto; tests inject deterministic random bytes.
 *
 * Keys are plain bytes: a session of millions keeps bytes, not handles.
 */
export interface Crypto {
  /** From a cryptographically secure generator (RFC 7925 §12). */
  randomBytes(length: number): Uint8Array

  /** Digest of `first ‖ second`, 32 bytes. */
  sha256(first: Uint8Array, second?: Uint8Array): Uint8Array

  /** HMAC-SHA256 of `first ‖ second`, 32 bytes. */
  hmacSha256(key: Uint8Array, first: Uint8Array, second?: Uint8Array): Uint8Array

  /** RFC 5246 §5: the first `length` bytes of P_SHA256(secret, label ‖ first ‖ second). */
  prf(
    secret: Uint8Array,
    label: Uint8Array,
    first: Uint8Array,
    second: Uint8Array | undefined,
    length: number
  ): Uint8Array

  /**
   * AEAD_AES_128_CCM_8 (RFC 6655 §4). Writes the ciphertext and its 8-byte tag to `target` at `offset`.
   * `nonce` has 12 bytes; the ciphertext may overlap nothing that is still needed.
   */
  ccm8Seal(
    key: Uint8Array,
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: Uint8Array,
    target: Uint8Array,
    offset: number
  ): void

  /** `sealed` ends in the 8-byte tag. Undefined if the tag does not verify; then no plaintext was released. */
  ccm8Open(key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): Uint8Array | undefined

  /** AES-128-CBC without padding: `padded` is a multiple of 16 bytes. Writes to `target` at `offset`. */
  cbcEncrypt(key: Uint8Array, iv: Uint8Array, padded: Uint8Array, target: Uint8Array, offset: number): void

  /** AES-128-CBC without padding: `ciphertext` is a positive multiple of 16 bytes. */
  cbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array
}
