import { type CipherSuite, TLS_EMPTY_RENEGOTIATION_INFO_SCSV, TLS_PSK_WITH_AES_128_CBC_SHA256 } from "../CipherSuite.ts"
import type { AlertName } from "../Alert.ts"
import type { Crypto } from "../Crypto.ts"
import type { ClientHello } from "../handshake/ClientHello.ts"
import { type HelloExtensions, recordSizeLimitMin, unknownFragmentLength } from "../handshake/Extension.ts"
import { randomBytesLength } from "../KeySchedule.ts"
import type { ServerHello } from "../handshake/ServerHello.ts"
import { emptyBytes } from "../internal/bytes.ts"
import { serverCidBytes } from "../Limits.ts"
import type { HelloRefusal } from "./FrontOutcome.ts"
import { dtls12, isDtlsVersion } from "../record/Header.ts"
import { plaintextBytesMax } from "../record/Protection.ts"

/** The suite that the server takes, or the fatal alert for a hello that it can't take. */
export function chooseSuite(
  hello: ClientHello,
  preference: ReadonlyArray<CipherSuite>
): CipherSuite | { readonly alert: AlertName; readonly refused: HelloRefusal } {
  const { maxFragmentLength, recordSizeLimit, renegotiationInfo, supportedVersions } = hello.extensions
  // Versions are one's complements: a smaller number is a newer version, and 1.2 is all we speak (RFC 5246 §E.1). A client
  // that lists its versions means those, and not what it has in the old place (RFC 8446 §4.2.1).
  const speaks12 =
    supportedVersions === undefined
      ? hello.version <= dtls12 && isDtlsVersion(hello.version)
      : supportedVersions.includes(dtls12)
  if (!speaks12) {
    const version = supportedVersions?.[0] ?? hello.version
    return { alert: "protocol_version", refused: { reason: "UnsupportedVersion", version } }
  }
  // RFC 8449 §4 and RFC 6066 §4, the latter only where it counts (RFC 8449 §5).
  const limitIsLegal =
    recordSizeLimit === undefined ? maxFragmentLength !== unknownFragmentLength : recordSizeLimit >= recordSizeLimitMin
  if (!limitIsLegal) return { alert: "illegal_parameter", refused: { reason: "IllegalRecordLimit" } }
  // RFC 5746 §3.6: an initial handshake can have nothing to renegotiate.
  if (renegotiationInfo !== undefined && renegotiationInfo.length > 0) {
    return { alert: "handshake_failure", refused: { reason: "Renegotiation" } }
  }
  const suite = preference.find((candidate) => hello.cipherSuites.includes(candidate))
  return suite ?? { alert: "handshake_failure", refused: { reason: "NoCommonSuite", suites: hello.cipherSuites } }
}

/** The answer to `hello`, with a fresh random and a fresh connection id. No extension that was not offered. */
export function answerHello(
  crypto: Crypto,
  hello: ClientHello,
  suite: CipherSuite,
  sessionId: Uint8Array
): ServerHello {
  return {
    version: dtls12,
    random: crypto.randomBytes(randomBytesLength),
    sessionId,
    cipherSuite: suite,
    extensions: answerExtensions(crypto, hello, suite)
  }
}

function answerExtensions(crypto: Crypto, hello: ClientHello, suite: CipherSuite): HelloExtensions {
  const offered = hello.extensions
  const signalled =
    offered.renegotiationInfo !== undefined || hello.cipherSuites.includes(TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
  const limited = offered.recordSizeLimit !== undefined
  return {
    extendedMasterSecret: offered.extendedMasterSecret,
    // RFC 7366 §3: meaningless, and forbidden, with an AEAD.
    encryptThenMac: offered.encryptThenMac && suite === TLS_PSK_WITH_AES_128_CBC_SHA256,
    renegotiationInfo: signalled ? emptyBytes : undefined,
    connectionId: offered.connectionId === undefined ? undefined : crypto.randomBytes(serverCidBytes),
    // RFC 8449 §5: record_size_limit takes the place of max_fragment_length.
    maxFragmentLength: limited ? undefined : offered.maxFragmentLength,
    recordSizeLimit: limited ? plaintextBytesMax : undefined,
    supportedVersions: undefined
  }
}
