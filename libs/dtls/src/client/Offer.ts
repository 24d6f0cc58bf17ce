import type { AlertName } from "../Alert.ts"
import { isCipherSuite, TLS_EMPTY_RENEGOTIATION_INFO_SCSV } from "../CipherSuite.ts"
import type { ClientHello } from "../handshake/ClientHello.ts"
import { recordSizeLimitMin } from "../handshake/Extension.ts"
import type { ServerHello } from "../handshake/ServerHello.ts"
import { emptyBytes, equalBytes } from "../internal/bytes.ts"
import { dtls12 } from "../record/Header.ts"
import type { Session } from "../Session.ts"
import { type ClientOptions, defaultClientSuites } from "./ClientOptions.ts"

/** The first ClientHello, without a cookie. */
export function offerOf(options: ClientOptions, random: Uint8Array): ClientHello {
  const extendedMasterSecret = options.extendedMasterSecret ?? true
  return {
    version: dtls12,
    random,
    sessionId: offeredSession(options)?.sessionId ?? emptyBytes,
    cookie: emptyBytes,
    cipherSuites: [...(options.suites ?? defaultClientSuites), TLS_EMPTY_RENEGOTIATION_INFO_SCSV],
    compressionMethods: Uint8Array.of(0),
    extensions: {
      extendedMasterSecret,
      encryptThenMac: options.encryptThenMac ?? true,
      renegotiationInfo: undefined,
      connectionId: options.connectionId,
      maxFragmentLength: options.maxFragmentLength,
      recordSizeLimit: options.recordSizeLimit,
      supportedVersions: undefined
    }
  }
}

/** The session that the hello asks for, if the server took it up. */
export function resumedSession(options: ClientOptions, answer: ServerHello): Session | undefined {
  const session = offeredSession(options)
  return session !== undefined && equalBytes(answer.sessionId, session.sessionId) ? session : undefined
}

/** RFC 7627 §5.3: a session with an extended master secret is never offered without the extension. */
function offeredSession({ extendedMasterSecret, resume }: ClientOptions): Session | undefined {
  if (resume === undefined || resume.sessionIdLength === 0) return undefined
  return resume.extendedMasterSecret && extendedMasterSecret === false ? undefined : resume
}

/** Why a ServerHello is no answer to what was offered, and the alert for it; undefined if it is one. */
export function refusalOf(
  offer: ClientHello,
  answer: ServerHello,
  resumed: Session | undefined
): { readonly alert: AlertName; readonly reason: string } | undefined {
  const offered = offer.extensions
  const chosen = answer.extensions
  if (answer.version !== dtls12) return { alert: "protocol_version", reason: "the server chose another version" }
  if (!isCipherSuite(answer.cipherSuite) || !offer.cipherSuites.includes(answer.cipherSuite)) {
    return { alert: "illegal_parameter", reason: "the server chose a cipher suite that was not offered" }
  }
  // RFC 5246 §7.4.1.4. An empty renegotiation_info answers the signalling suite (RFC 5746 §3.4).
  const unasked =
    (chosen.extendedMasterSecret && !offered.extendedMasterSecret) ||
    (chosen.encryptThenMac && !offered.encryptThenMac) ||
    (chosen.connectionId !== undefined && offered.connectionId === undefined) ||
    (chosen.maxFragmentLength !== undefined && offered.maxFragmentLength === undefined) ||
    (chosen.recordSizeLimit !== undefined && offered.recordSizeLimit === undefined)
  if (unasked) return { alert: "unsupported_extension", reason: "the server answers an extension that was not offered" }
  if (chosen.renegotiationInfo !== undefined && chosen.renegotiationInfo.length > 0) {
    return { alert: "handshake_failure", reason: "the server takes this for a renegotiation (RFC 5746 §3.4)" }
  }
  if (chosen.maxFragmentLength !== undefined && chosen.maxFragmentLength !== offered.maxFragmentLength) {
    return { alert: "illegal_parameter", reason: "the server changed max_fragment_length (RFC 6066 §4)" }
  }
  if (chosen.recordSizeLimit !== undefined && chosen.recordSizeLimit < recordSizeLimitMin) {
    return { alert: "illegal_parameter", reason: "the server's record_size_limit is below 64 (RFC 8449 §4)" }
  }
  if (chosen.maxFragmentLength !== undefined && chosen.recordSizeLimit !== undefined) {
    return { alert: "illegal_parameter", reason: "both max_fragment_length and record_size_limit (RFC 8449 §5)" }
  }
  if (resumed === undefined) return undefined
  if (resumed.suite !== answer.cipherSuite) {
    return { alert: "illegal_parameter", reason: "the session is resumed with another suite (RFC 5246 §7.4.1.3)" }
  }
  if (resumed.extendedMasterSecret !== chosen.extendedMasterSecret) {
    return { alert: "handshake_failure", reason: "the session is resumed with another master secret (RFC 7627 §5.3)" }
  }
  return undefined
}
