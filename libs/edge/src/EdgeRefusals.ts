import { reasonOf, type RefusalCode } from "@roost/explain"
import type { HelloRefusal } from "@roost/dtls"
import type { StrangerRefusal } from "@roost/strangers"
import type { DropReason } from "./EdgeCounters.ts"
import { type OtherProtocol, otherProtocolOf } from "./OtherProtocol.ts"

/**
 * Operators hear this of a datagram that an edge did not take. It has kind and code, what came, what was expected, the likely
 * cause and the cure.
 */
export type EdgeRefusal = Pick<StrangerRefusal, "code" | "kind" | "proven" | "reason">

const told = (kind: string, proven: boolean, code: RefusalCode, what?: string): EdgeRefusal => ({
  kind,
  proven,
  code,
  reason: reasonOf(code, what)
})
const unproven = (kind: string, code: RefusalCode, what?: string) => told(kind, false, code, what)
const proven = (kind: string, code: RefusalCode, what?: string) => told(kind, true, code, what)

/** By the reason of the drop. Absent: what happens to any device at times, and ends by its own retransmission. */
export const edgeRefusals: { readonly [R in DropReason]?: EdgeRefusal } = {
  NotDtls: unproven("datagram-dropped", "not-dtls", "No DTLS 1.2 record came (NotDtls)."),
  Unprotected: unproven("datagram-dropped", "unprotected-record"),
  PlaintextAlert: unproven("datagram-dropped", "alert-in-handshake"),
  UnexpectedRecord: unproven("datagram-dropped", "unexpected-record"),
  MalformedHandshake: unproven("handshake-refused", "malformed-handshake"),
  FragmentedClientHello: unproven("handshake-refused", "fragmented-hello"),
  ClientHelloTooLarge: unproven("handshake-refused", "hello-too-large"),
  StrangerTooLarge: unproven("datagram-dropped", "datagram-too-large"),
  UnroutedRepeated: unproven("nobody-knows", "unknown-session"),
  UnroutedRate: unproven("nobody-knows", "too-many-unknown-sessions"),
  HandshakeRate: proven("handshake-refused", "too-many-handshakes"),
  IdentityTooLong: proven("handshake-refused", "identity-too-long"),
  MalformedClientKeyExchange: proven("handshake-refused", "malformed-key-exchange"),
  BufferFull: proven("handshake-refused", "too-much-before-key")
}

const others: { readonly [P in OtherProtocol]: EdgeRefusal } = {
  Coap: unproven("datagram-dropped", "plain-coap"),
  Tls: unproven("datagram-dropped", "tls-on-udp"),
  OldDtls: unproven("datagram-dropped", "old-dtls"),
  Dtls13: unproven("datagram-dropped", "dtls13-record"),
  Http: unproven("datagram-dropped", "http-on-udp"),
  Json: unproven("datagram-dropped", "json-on-udp"),
  Text: unproven("datagram-dropped", "text-on-udp"),
  Mqtt: unproven("datagram-dropped", "mqtt-on-udp"),
  Stun: unproven("datagram-dropped", "stun-on-udp"),
  Quic: unproven("datagram-dropped", "quic-on-udp")
}

/** Of a datagram that is no DTLS record, by its looks. A client that tries one thing after the other is told of each. */
export const notDtlsRefusal = (datagram: Uint8Array): EdgeRefusal => {
  const protocol = otherProtocolOf(datagram)
  return protocol === undefined ? edgeRefusals.NotDtls! : others[protocol]
}

/** Of a ClientHello that was answered with an alert, or with another cookie. */
export const helloRefusal = (refused: HelloRefusal): EdgeRefusal => {
  switch (refused.reason) {
    case "NoCommonSuite":
      return proven(
        "no-common-suite",
        "no-common-suite",
        `The client offers no cipher suite that is served: expected TLS_PSK_WITH_AES_128_CCM_8 (0xc0a8) or TLS_PSK_WITH_AES_128_CBC_SHA256 ` +
          `(0x00ae), got ${suitesText(refused.suites)}.`
      )
    case "UnsupportedVersion":
      return proven(
        "unsupported-version",
        "dtls-version",
        `The client does not offer DTLS 1.2: expected version 0xfefd, got 0x${hex(refused.version)}.`
      )
    case "Renegotiation":
      return proven("handshake-refused", "renegotiation")
    case "IllegalRecordLimit":
      return proven("handshake-refused", "record-limit")
    case "WrongCookie":
      return unproven("wrong-cookie", "wrong-cookie")
  }
}

const suitesText = (suites: ReadonlyArray<number>): string => {
  const shown = suites.slice(0, suitesShownMax).map((suite) => `0x${hex(suite)}`)
  return suites.length > suitesShownMax
    ? `${shown.join(" ")} and ${suites.length - suitesShownMax} more`
    : shown.join(" ")
}

const suitesShownMax = 16
const hex = (value: number): string => value.toString(16).padStart(4, "0")
