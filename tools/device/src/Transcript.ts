import { Code, decode, formatCode, type Message, OptionNumber } from "@roost/coap"
import type { DeviceEvent } from "@roost/device"
import { cipherSuiteName, ContentType, HandshakeType, readHandshakeFragment, readRecord } from "@roost/dtls"
import * as Result from "effect/Result"

/** One event as lines for a firmware developer: what was sent, what came, what it means. */
export const describeEvent = (event: DeviceEvent): ReadonlyArray<string> => {
  switch (event._tag) {
    case "Connecting":
      return [
        `identity  ${event.identity}   {ProductKey},{DeviceKey},{SecureMode},{Lifetime}`,
        `key       bytes 9–24 of SHA-256 of the ${event.secureMode === 2 ? "device" : "product"} secret, 16 bytes`
      ]
    case "Sent":
      return [`→ ${event.datagram.length} B  ${event.flight}: ${records(event.datagram)}`]
    case "Received":
      return [`← ${event.datagram.length} B  ${records(event.datagram)}`]
    case "Connected": {
      const { session } = event
      const cid = session.writeCid.length === 0 ? "no connection id" : `connection id ${session.writeCid.toHex()}`
      const extras = [
        session.extendedMasterSecret ? "extended master secret" : "classic master secret",
        ...(session.encryptThenMac ? ["encrypt-then-MAC"] : []),
        cid
      ]
      const how = event.resumed ? "resumed" : "established"
      return [`● session ${how}: ${cipherSuiteName(session.suite)}, ${extras.join(", ")}`]
    }
    case "MessageSent":
      return [`  → ${message(event.bytes)}`]
    case "MessageReceived":
      return [`  ← ${message(event.bytes)}`]
    case "Closed":
      return [`● session over (${event.by}): ${event.reason}`]
    case "Activated":
      return [`● the platform issued a device secret for asset ${event.assetId}; it is kept, SecureMode 2 from now on`]
    case "CommandAnnounced":
      return [`● Option 2100: a command waits at ${event.topic}; GET it, execute it, POST the result to …_reply`]
    case "CommandReceived":
      return [
        `● command ${event.command.id || "(raw)"}: ${event.command.method} ${JSON.stringify(event.command.params)}`
      ]
    case "CommandAnswered":
      return [`● reply to ${event.id || "(raw)"} taken: ${event.code}`]
  }
}

/** The records of a datagram, with handshake messages by name as long as they can be read. */
const records = (datagram: Uint8Array): string => {
  const parts: Array<string> = []
  for (let offset = 0; offset < datagram.length;) {
    const record = readRecord(datagram, offset, cidLengthOf(datagram, offset))
    if (record === undefined) return [...parts, `${datagram.length - offset} bytes that are no record`].join(" | ")
    parts.push(recordName(record.contentType, record.epoch, record.fragment))
    offset = record.next
  }
  return parts.join(" | ")
}

/** A record to us has our empty id, one from us the server's eight bytes; only one of the two adds up. */
const cidLengthOf = (datagram: Uint8Array, offset: number): number => {
  if (datagram[offset] !== ContentType.tls12_cid) return 0
  return [8, 0].find((length) => readRecord(datagram, offset, length)?.next === datagram.length) ?? 8
}

const recordName = (contentType: number, epoch: number, fragment: Uint8Array): string => {
  if (contentType === ContentType.change_cipher_spec) return "ChangeCipherSpec"
  if (contentType === ContentType.tls12_cid) return `encrypted with connection id, ${fragment.length} B`
  if (epoch > 0) return `${protectedNames.get(contentType) ?? "record"}, encrypted, ${fragment.length} B`
  if (contentType === ContentType.alert) return `alert ${fragment[0]}/${fragment[1]}`
  const names: Array<string> = []
  for (let at = 0; at < fragment.length;) {
    const message = readHandshakeFragment(fragment, at)
    if (message === undefined) break
    names.push(handshakeNames.get(message.type) ?? `handshake ${message.type}`)
    at = message.next
  }
  return names.join(", ")
}

const message = (bytes: Uint8Array): string => {
  const decoded = decode(bytes)
  if (Result.isFailure(decoded)) return `${bytes.length} bytes that are no CoAP message (${decoded.failure.reason})`
  const { code, messageId, payload, token, type } = decoded.success
  const what = code === Code.Empty ? "empty" : code < 32 ? (methods.get(code) ?? formatCode(code)) : formatCode(code)
  const text = payload.length === 0 ? "" : `  ${show(payload)}`
  const tokenText = token.length === 0 ? "" : ` token ${token.toHex()}`
  return `${type} ${what} mid ${messageId}${tokenText}${optionsOf(decoded.success)}${text}`
}

const optionsOf = ({ options }: Message): string => {
  const path = options.filter(({ number }) => number === OptionNumber.UriPath).map(({ value }) => show(value))
  const announced = options.find(({ number }) => number === OptionNumber.PendingCommand)
  const rest = options.filter(({ number }) => number !== OptionNumber.UriPath && number !== OptionNumber.PendingCommand)
  return [
    path.length === 0 ? "" : ` /${path.join("/")}`,
    ...rest.map(({ number, value }) => ` ${number}=${value.toHex()}`),
    announced === undefined ? "" : ` 2100=${show(announced.value)}`
  ].join("")
}

/** Text as it is, anything else in hexadecimal. */
const show = (bytes: Uint8Array): string => {
  const text = new TextDecoder().decode(bytes)
  return printable.test(text) ? text : bytes.toHex()
}

const printable = /^[\x20-\x7e\u00a0-\uffef]*$/
const methods = new Map([
  [1, "GET"],
  [2, "POST"]
])
const protectedNames = new Map<number, string>([
  [ContentType.handshake, "Finished"],
  [ContentType.alert, "alert"],
  [ContentType.application_data, "data"]
])
const handshakeNames = new Map<number, string>([
  [HandshakeType.client_hello, "ClientHello"],
  [HandshakeType.server_hello, "ServerHello"],
  [HandshakeType.hello_verify_request, "HelloVerifyRequest"],
  [HandshakeType.server_key_exchange, "ServerKeyExchange"],
  [HandshakeType.server_hello_done, "ServerHelloDone"],
  [HandshakeType.client_key_exchange, "ClientKeyExchange"]
])
