import type { HelloRefusal } from "@roost/dtls"
import type { StrangerRefusal } from "@roost/strangers"
import type { DropReason } from "./EdgeCounters.ts"
import { type OtherProtocol, otherProtocolOf } from "./OtherProtocol.ts"

/** Operators hear this of a datagram that an edge did not take: its kind, and what came, was expected, may be the cause and cures it. */
export type EdgeRefusal = Pick<StrangerRefusal, "kind" | "proven" | "reason">

const unproven = (kind: string, reason: string): EdgeRefusal => ({ kind, proven: false, reason })
const proven = (kind: string, reason: string): EdgeRefusal => ({ kind, proven: true, reason })

const notDtls = (likely: string): EdgeRefusal =>
  unproven(
    "datagram-dropped",
    `no DTLS 1.2 record came (NotDtls). Likely ${likely}. Have the client use coaps:// with DTLS 1.2 and a pre-shared key`
  )

/** By the reason of the drop. Absent: what happens to any device at times, and ends by its own retransmission. */
export const edgeRefusals: { readonly [R in DropReason]?: EdgeRefusal } = {
  NotDtls: notDtls("another protocol, or a scan"),
  Unprotected: unproven(
    "datagram-dropped",
    "an unprotected record came that is no handshake message (Unprotected). Likely the client gave up with an alert, or lost its " +
      "session's keys. It has to handshake again; its own log says which alert it sent"
  ),
  PlaintextAlert: unproven(
    "datagram-dropped",
    "an unprotected alert came during a handshake (PlaintextAlert). Likely the client refuses what it was offered. Look for the " +
      "alert in its log: suites, extensions and its pre-shared key have to fit"
  ),
  UnexpectedRecord: unproven(
    "datagram-dropped",
    "a record came that no handshake has at this point (UnexpectedRecord). Likely a copy, or a client that does not follow RFC 6347"
  ),
  MalformedHandshake: unproven(
    "handshake-refused",
    "a handshake message can't be read (MalformedHandshake): expected a message of RFC 5246 and RFC 6347. Likely the client's " +
      "DTLS is broken, or this is no client"
  ),
  FragmentedClientHello: unproven(
    "handshake-refused",
    "ClientHello came in fragments (FragmentedClientHello): expected one piece, since nothing is kept of who did not show its " +
      "address. Likely too many suites or extensions for the client's MTU. Offer PSK suites only, or raise the MTU"
  ),
  ClientHelloTooLarge: unproven(
    "handshake-refused",
    "ClientHello is larger than 2048 bytes (ClientHelloTooLarge). Likely the client offers all it has. Offer PSK suites only"
  ),
  StrangerTooLarge: unproven(
    "datagram-dropped",
    "a datagram of somebody without a session is larger than anything that is served (StrangerTooLarge). Likely a broken client, " +
      "or a flood"
  ),
  UnroutedRepeated: unproven(
    "nobody-knows",
    "no node knows a session of this address or connection id (UnroutedRepeated). Likely the session ended here (Lifetime and seven days, " +
      "another handshake, a changed secret) while the device kept it, or its address changed without a connection id. A new handshake cures it"
  ),
  UnroutedRate: unproven(
    "nobody-knows",
    "more datagrams of unknown sessions came than nodes are asked about (UnroutedRate). Likely a flood, or many devices whose " +
      "addresses changed at once; they are found when they try again"
  ),
  HandshakeRate: proven(
    "handshake-refused",
    "more handshakes began at this address than the rate allows (HandshakeRate). Likely a device that fails in a loop, or more " +
      "devices than usual behind one address. The event before this one says why handshakes fail"
  ),
  IdentityTooLong: proven(
    "handshake-refused",
    "the PSK identity is longer than 128 bytes (IdentityTooLong): expected {ProductKey},{DeviceKey},{SecureMode},{Lifetime}. " +
      "Likely a wrong length, or another kind of identity"
  ),
  MalformedClientKeyExchange: proven(
    "handshake-refused",
    "ClientKeyExchange can't be read (MalformedClientKeyExchange): expected a PSK identity with its length in two bytes (RFC 4279 §2)"
  ),
  BufferFull: proven(
    "handshake-refused",
    "more came than is kept before ClientKeyExchange (BufferFull). Likely data that is sent before the handshake is over"
  )
}

const others: { readonly [P in OtherProtocol]: EdgeRefusal } = {
  Coap: notDtls(
    "plain CoAP, without DTLS: the client has coap:// instead of coaps://, or an address without credentials"
  ),
  Tls: notDtls("TLS as on TCP: the client's library was asked for TLS instead of DTLS"),
  OldDtls: notDtls("DTLS of before its RFC, as OpenSSL 0.9.8f has it for Cisco's AnyConnect"),
  Dtls13: notDtls("a record of DTLS 1.3 (RFC 9147), or of a session that is none of ours"),
  Http: notDtls("HTTP: the devices' port is UDP, and the HTTP APIs have ports of their own"),
  Json: notDtls("JSON without CoAP and DTLS around it"),
  Mqtt: notDtls("MQTT, which is not served: devices speak CoAP here"),
  Stun: notDtls("STUN, of a client that looks for its public address"),
  Quic: notDtls("QUIC, which browsers and scanners try")
}

/** Of a datagram that is no DTLS record: by what it looks like, so that whoever tries one thing after the other is told of each. */
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
        `the client offers no cipher suite that is served: expected TLS_PSK_WITH_AES_128_CCM_8 (0xc0a8) or TLS_PSK_WITH_AES_128_CBC_SHA256 ` +
          `(0x00ae), got ${suitesText(refused.suites)}. Switch one of them on in the client; OpenSSL needs @SECLEVEL=0 for CCM_8`
      )
    case "UnsupportedVersion":
      return proven(
        "unsupported-version",
        `the client does not offer DTLS 1.2: expected version 0xfefd, got 0x${hex(refused.version)}. Allow DTLS 1.2 in the client`
      )
    case "Renegotiation":
      return proven(
        "handshake-refused",
        "a first ClientHello has the renegotiation_info of an earlier handshake: expected an empty one (RFC 5746 §3.6). Likely a client " +
          "that renegotiates, which is not served. Have it begin anew"
      )
    case "IllegalRecordLimit":
      return proven(
        "handshake-refused",
        "a ClientHello asks for a record size that there is not: expected max_fragment_length 1 to 4 (RFC 6066 §4) or record_size_limit of " +
          "at least 64 (RFC 8449 §4). Switch the extension off in the client, or set 512 or 1024"
      )
    case "WrongCookie":
      return unproven(
        "wrong-cookie",
        "ClientHello has a cookie that is not ours, and got another one. Likely the client changed its hello or its address between the two, " +
          "took longer than a cookie is good, or ROOST_ROUTING_KEY differs among edges"
      )
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
