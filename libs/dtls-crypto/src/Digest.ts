/** SHA-256, HMAC and the PRF, as `Crypto` of @roost/dtls has them: its docstrings say what is given and returned. */
export interface Digest {
  sha256(first: Uint8Array, second?: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, first: Uint8Array, second?: Uint8Array): Uint8Array
  prf(
    secret: Uint8Array,
    label: Uint8Array,
    first: Uint8Array,
    second: Uint8Array | undefined,
    length: number
  ): Uint8Array
}
