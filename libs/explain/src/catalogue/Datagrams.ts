import type { RefusalEntries } from "../Refusal.ts"

/** Datagrams that an edge does not take: the sender meets silence, or an alert. */
export const datagramRefusals = {
  "not-dtls": {
    sentence: "No DTLS 1.2 record came.",
    cause: "Likely another protocol, or a scan.",
    cure: "Have the client use coaps:// with DTLS 1.2 and a pre-shared key."
  },
  "plain-coap": {
    sentence: "Plain CoAP came, without DTLS around it.",
    cause:
      "Likely plain CoAP, without DTLS: the client has coap:// instead of coaps://, or an address without credentials.",
    cure: "Have the client use coaps:// with DTLS 1.2 and a pre-shared key."
  },
  "tls-on-udp": {
    sentence: "A record of TLS came instead of one of DTLS.",
    cause: "Likely TLS as on TCP: the client's library was asked for TLS instead of DTLS.",
    cure: "Have the client's library make a DTLS 1.2 session over UDP."
  },
  "old-dtls": {
    sentence: "A record of DTLS from before its RFC came.",
    cause: "Likely DTLS of before its RFC, as OpenSSL 0.9.8f has it for Cisco's AnyConnect.",
    cure: "Have the client use DTLS 1.2."
  },
  "dtls13-record": {
    sentence: "A record came that has the form of DTLS 1.3.",
    cause: "Likely a record of DTLS 1.3 (RFC 9147), or of a session that is none of ours.",
    cure: "Have the client use DTLS 1.2, and begin anew."
  },
  "http-on-udp": {
    sentence: "HTTP came to the devices' port.",
    cause: "Likely HTTP: the devices' port is UDP, and the HTTP APIs have ports of their own.",
    cure: "Call the registry's port for the API. Devices use coaps:// with DTLS 1.2 and a pre-shared key."
  },
  "json-on-udp": {
    sentence: "JSON came without CoAP and DTLS around it.",
    cause: "Likely JSON without CoAP and DTLS around it: the payload was written into the socket.",
    cure: "Send it as the payload of a CoAP POST over coaps://, with DTLS 1.2 and a pre-shared key."
  },
  "text-on-udp": {
    sentence: "Text came without CoAP and DTLS around it.",
    cause: "Likely a test by hand, such as nc, or values that were written into the socket.",
    cure: "Send it as the payload of a CoAP POST over coaps://, with DTLS 1.2 and a pre-shared key."
  },
  "mqtt-on-udp": {
    sentence: "MQTT came to the devices' port.",
    cause: "Likely MQTT, which is not served: devices speak CoAP here.",
    cure: "Have the client use coaps:// with DTLS 1.2 and a pre-shared key."
  },
  "stun-on-udp": {
    sentence: "STUN came to the devices' port.",
    cause: "Likely STUN, of a client that looks for its public address.",
    cure: "Give that client a STUN server. Devices use coaps:// with DTLS 1.2 and a pre-shared key."
  },
  "quic-on-udp": {
    sentence: "QUIC came to the devices' port.",
    cause: "Likely QUIC, which browsers and scanners try.",
    cure: "Nothing has to be done. Devices use coaps:// with DTLS 1.2 and a pre-shared key."
  },
  "unprotected-record": {
    sentence: "An unprotected record came that is no handshake message.",
    cause: "Likely the client gave up with an alert, or lost its session's keys.",
    cure: "It has to handshake again; its own log says which alert it sent."
  },
  "alert-in-handshake": {
    sentence: "An unprotected alert came during a handshake.",
    cause: "Likely the client refuses what it was offered.",
    cure: "Look for the alert in its log: suites, extensions and its pre-shared key have to fit."
  },
  "unexpected-record": {
    sentence: "A record came that no handshake has at this point.",
    cause: "Likely a copy, or a client that does not follow RFC 6347.",
    cure: "If it goes on, compare the client's flights with RFC 6347 §4.2."
  },
  "malformed-handshake": {
    sentence: "A handshake message can't be read: expected a message of RFC 5246 and RFC 6347.",
    cause: "Likely the client's DTLS is broken, or this is no client.",
    cure: "Try the device with another DTLS library, or look at its datagrams with a flight recording."
  },
  "fragmented-hello": {
    sentence:
      "ClientHello came in fragments: expected one piece, since nothing is kept of a client that did not show its address.",
    cause: "Likely too many suites or extensions for the client's MTU.",
    cure: "Offer PSK suites only, or raise the MTU."
  },
  "hello-too-large": {
    sentence: "ClientHello is larger than 2048 bytes.",
    cause: "Likely the client offers all it has.",
    cure: "Offer PSK suites only."
  },
  "datagram-too-large": {
    sentence: "A datagram of somebody without a session is larger than anything that is served.",
    cause: "Likely a broken client, or a flood.",
    cure: "Have the client shake hands first, and send large bodies block by block (RFC 7959)."
  },
  "unknown-session": {
    sentence: "No node knows a session of this address or connection id.",
    cause:
      "Likely the session ended here (Lifetime and seven days, another handshake, a changed secret) while the device kept it, or its " +
      "address changed without a connection id.",
    cure: "A new handshake cures it. Offer a connection id (RFC 9146), so that the session survives a new address."
  },
  "too-many-unknown-sessions": {
    sentence: "More datagrams of unknown sessions came than nodes are asked about.",
    cause: "Likely a flood, or many devices whose addresses changed at once.",
    cure: "Devices are found when they try again. A connection id (RFC 9146) spares them the search."
  },
  "too-many-handshakes": {
    sentence: "More handshakes began at this address than the rate allows.",
    cause: "Likely a device that fails in a loop, or more devices than usual behind one address.",
    cure: "The event before this one says why handshakes fail. Have the device pause between attempts."
  },
  "identity-too-long": {
    sentence: "The PSK identity is longer than 128 bytes: expected {ProductKey},{DeviceKey},{SecureMode},{Lifetime}.",
    cause: "Likely a buffer was sent whole, or another platform's identity is configured.",
    cure: "Send {ProductKey},{DeviceKey},{SecureMode},{Lifetime}, such as pk1,dev1,2,3600, with its own length."
  },
  "malformed-key-exchange": {
    sentence: "ClientKeyExchange can't be read: expected a PSK identity with its length in two bytes (RFC 4279 §2).",
    cause: "Likely another key exchange than PSK, or a broken length.",
    cure: "Have the client use a PSK suite, and write the identity's length in two bytes before it."
  },
  "too-much-before-key": {
    sentence: "More came than is kept before ClientKeyExchange.",
    cause: "Likely data that is sent before the handshake is over.",
    cure: "Have the client wait for the server's Finished before it sends data."
  },
  "no-common-suite": {
    sentence:
      "The client offers no cipher suite that is served: expected TLS_PSK_WITH_AES_128_CCM_8 (0xc0a8) or TLS_PSK_WITH_AES_128_CBC_SHA256 (0x00ae).",
    cause: "Likely PSK suites are switched off in the client's build, or its security level forbids them.",
    cure: "Switch one of them on in the client; OpenSSL needs @SECLEVEL=0 for CCM_8."
  },
  "dtls-version": {
    sentence: "The client does not offer DTLS 1.2.",
    cause: "Likely the client is set to DTLS 1.0 or to 1.3 only.",
    cure: "Allow DTLS 1.2 in the client."
  },
  renegotiation: {
    sentence:
      "A first ClientHello has the renegotiation_info of an earlier handshake: expected an empty one (RFC 5746 §3.6).",
    cause: "Likely a client that renegotiates, which is not served.",
    cure: "Have it begin anew."
  },
  "record-limit": {
    sentence:
      "A ClientHello asks for a record size that there is not: expected max_fragment_length 1 to 4 (RFC 6066 §4) or record_size_limit of at " +
      "least 64 (RFC 8449 §4).",
    cause: "Likely the extension has the size in bytes where its code is due.",
    cure: "Switch the extension off in the client, or set 512 or 1024."
  },
  "wrong-cookie": {
    sentence: "ClientHello has a cookie that is not ours, and got another one.",
    cause:
      "Likely the client changed its hello or its address between the two, took longer than a cookie is good, or ROOST_ROUTING_KEY " +
      "differs among edges.",
    cure: "Have the client repeat its hello unchanged, with the cookie. Give all edges one ROOST_ROUTING_KEY."
  },
  "strangers-not-told": {
    sentence: "More refusals came than are told one by one; kinds and busiest sources are named.",
    cause: "Likely repetitions of what was told before, or a flood.",
    cure: "Look at the sources that are named, with GET /v1/strangers?address=."
  }
} as const satisfies RefusalEntries
