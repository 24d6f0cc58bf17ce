/** The two ciphers of DTLS-PSK, as `Crypto` of @roost/dtls has them: its docstrings say what is given and returned. */
export interface Cipher {
  ccm8Seal(
    key: Uint8Array,
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: Uint8Array,
    target: Uint8Array,
    offset: number
  ): void
  ccm8Open(key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  cbcEncrypt(key: Uint8Array, iv: Uint8Array, padded: Uint8Array, target: Uint8Array, offset: number): void
  cbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array
}
