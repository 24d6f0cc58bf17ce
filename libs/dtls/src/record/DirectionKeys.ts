import type { CipherSuite } from "../CipherSuite.ts"

/** How records are protected. */
export interface ProtectionKind {
  readonly suite: CipherSuite
  /** RFC 7366; only ever true with CBC. */
  readonly encryptThenMac: boolean
}

/** The keys of one direction. A user of them copies the keys that it keeps: a session lends the same arrays to each record. */
export interface DirectionKeys extends ProtectionKind {
  /** 16 bytes. */
  readonly key: Uint8Array
  /** The implicit nonce (CCM) or the MAC key (CBC), see `writeSaltBytes`. */
  readonly salt: Uint8Array
}
