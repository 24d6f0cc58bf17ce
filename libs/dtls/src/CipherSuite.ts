/** RFC 6655 §4, the suite RFC 7252 §9.1.3.1 makes mandatory. */
export const TLS_PSK_WITH_AES_128_CCM_8 = 0xc0a8
/** RFC 5487 §3.1. */
export const TLS_PSK_WITH_AES_128_CBC_SHA256 = 0x00ae
/** RFC 5746 §3.3: no suite, but the empty renegotiation_info in the place of one. */
export const TLS_EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff

export type CipherSuite = typeof TLS_PSK_WITH_AES_128_CCM_8 | typeof TLS_PSK_WITH_AES_128_CBC_SHA256

export function isCipherSuite(value: number): value is CipherSuite {
  return value === TLS_PSK_WITH_AES_128_CCM_8 || value === TLS_PSK_WITH_AES_128_CBC_SHA256
}

/** IANA name, for operators. */
export function cipherSuiteName(suite: CipherSuite): string {
  return suite === TLS_PSK_WITH_AES_128_CCM_8 ? "TLS_PSK_WITH_AES_128_CCM_8" : "TLS_PSK_WITH_AES_128_CBC_SHA256"
}

/** Both suites use AES-128. */
export const writeKeyBytes = 16

/**
 * The companion of one direction's write key: the 4-byte implicit nonce of CCM (RFC 6655 §3) or the 32-byte MAC key of HMAC-SHA256. TLS 1.2
 * derives no IV for CBC, each record carries its own (RFC 5246 §6.2.3.2).
 */
export function writeSaltBytes(suite: CipherSuite): number {
  return suite === TLS_PSK_WITH_AES_128_CCM_8 ? 4 : 32
}
