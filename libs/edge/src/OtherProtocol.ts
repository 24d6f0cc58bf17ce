/** Bytes that devices and their tools were seen to send to the port of DTLS. */
export type OtherProtocol = "Coap" | "Tls" | "OldDtls" | "Dtls13" | "Http" | "Json" | "Text" | "Mqtt" | "Stun" | "Quic"

/** The protocol that a datagram without a DTLS record looks like by its first bytes; undefined if like nothing that is known. */
export const otherProtocolOf = (datagram: Uint8Array): OtherProtocol | undefined => {
  const first = datagram[0] ?? 0
  const second = datagram[1] ?? 0
  if (isTlsContentType(first) && second === 3) return "Tls"
  if (isTlsContentType(first) && second === 1 && datagram[2] === 0) return "OldDtls"
  if (first === brace || first === bracket) return "Json"
  if (startsWith(datagram, "HTTP/") || httpMethods.some((method) => startsWith(datagram, method))) return "Http"
  if (isText(datagram)) return "Text"
  // Behind CONNECT, its length and the length of the name (MQTT 5.0 §3.1.2.1).
  if (first === 0x10 && (startsWith(datagram, "MQ", 4) || startsWith(datagram, "MQ", 5))) return "Mqtt"
  // RFC 8489 §5.
  if (first < 2 && startsWith(datagram, "\u0021\u0012\u00a4\u0042", 4)) return "Stun"
  // RFC 7252 §3: version 1, a token of at most 8 bytes, an empty message, a request or a response.
  const codeClass = second >> 5
  if (first >> 6 === 1 && (first & 15) <= 8 && (second < 8 || (codeClass >= 2 && codeClass <= 5))) return "Coap"
  // RFC 9147 §4: 001 and five flags. RFC 9000 §17.2: a long header.
  if (first >> 5 === 1) return "Dtls13"
  return first >> 6 === 3 && second === 0 ? "Quic" : undefined
}

/** Printable ASCII from end to end: the code of a CoAP message is none, of those that clients begin with. */
const isText = (datagram: Uint8Array): boolean =>
  datagram.length >= 4 && datagram.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d))

const isTlsContentType = (type: number): boolean => type >= 20 && type <= 24

const startsWith = (datagram: Uint8Array, text: string, at = 0): boolean => {
  for (let i = 0; i < text.length; i++) if (datagram[at + i] !== text.charCodeAt(i)) return false
  return true
}

const brace = 0x7b
const bracket = 0x5b
const httpMethods = ["GET ", "POST ", "PUT ", "HEAD ", "OPTIONS "]
