import {
  alertName,
  cipherSuiteName,
  ContentType,
  decodeAlert,
  decodeClientHello,
  decodeHelloVerifyRequest,
  decodeServerHello,
  type HandshakeFragment,
  HandshakeType,
  type HelloExtensions,
  isCipherSuite,
  isWhole,
  readHandshakeFragment,
  readRecord,
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV
} from "@roost/dtls"
import * as Result from "effect/Result"

/** A datagram in words: its records in one line, and what its hellos say in lines of their own. */
export interface FlightText {
  readonly records: string
  readonly details: ReadonlyArray<string>
  /** Length of the connection id that a ServerHello in it hands out; undefined if there is none. */
  readonly serverCidBytes: number | undefined
}

/** `cidBytes`: length of the connection id in records with one. */
export const describeFlight = (datagram: Uint8Array, cidBytes: number): FlightText => {
  const records: Array<string> = []
  const details: Array<string> = []
  let serverCidBytes: number | undefined
  for (let offset = 0; offset < datagram.length;) {
    const record = readRecord(datagram, offset, cidBytes)
    if (record === undefined) {
      records.push(`${datagram.length - offset} bytes that are no record`)
      break
    }
    if (record.contentType === ContentType.handshake && record.epoch === 0) {
      for (const message of messagesOf(record.fragment)) {
        records.push(messageName(message))
        if (!isWhole(message)) continue
        details.push(...describeMessage(message))
        serverCidBytes ??= cidBytesOf(message)
      }
    } else {
      const isFinished = record.contentType === ContentType.tls12_cid && records.at(-1) === changeCipherSpecName
      const name = recordName(record.contentType, record.epoch, record.fragment)
      records.push(isFinished ? `Finished, ${name}` : name)
    }
    offset = record.next
  }
  return { records: records.join(", "), details, serverCidBytes }
}

const messagesOf = (content: Uint8Array): ReadonlyArray<HandshakeFragment> => {
  const messages: Array<HandshakeFragment> = []
  for (let at = 0; at < content.length;) {
    const message = readHandshakeFragment(content, at)
    if (message === undefined) break
    messages.push(message)
    at = message.next
  }
  return messages
}

const messageName = (message: HandshakeFragment): string => {
  const name = handshakeNames.get(message.type) ?? `handshake message ${message.type}`
  const { fragment, fragmentOffset, length } = message
  return isWhole(message) ? name : `${name} (bytes ${fragmentOffset}–${fragmentOffset + fragment.length} of ${length})`
}

const recordName = (contentType: number, epoch: number, fragment: Uint8Array): string => {
  if (contentType === ContentType.change_cipher_spec) return changeCipherSpecName
  if (contentType === ContentType.tls12_cid) return `encrypted under the connection id, ${fragment.length} B`
  if (epoch > 0) return `${protectedNames.get(contentType) ?? "record"}, encrypted, ${fragment.length} B`
  const alert = contentType === ContentType.alert ? decodeAlert(fragment) : undefined
  return alert === undefined ? `content type ${contentType}` : `alert ${alertName(alert.description)}`
}

const describeMessage = ({ fragment, type }: HandshakeFragment): ReadonlyArray<string> => {
  switch (type) {
    case HandshakeType.client_hello: {
      const hello = decodeClientHello(fragment)
      if (Result.isFailure(hello)) return []
      const { cipherSuites, cookie, extensions, sessionId } = hello.success
      return [
        `offers ${cipherSuites
          .filter((suite) => suite !== TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
          .map(suiteName)
          .join(", ")}`,
        `extensions: ${describeExtensions(extensions, "records to us")}`,
        ...(sessionId.length === 0 ? [] : [`asks to resume session ${sessionId.toHex()}`]),
        ...(cookie.length === 0 ? [] : [`with the cookie ${cookie.toHex()}`])
      ]
    }
    case HandshakeType.hello_verify_request: {
      const request = decodeHelloVerifyRequest(fragment)
      if (Result.isFailure(request)) return []
      return [
        `cookie ${request.success.cookie.toHex()}: the same hello again with it proves that we get what is sent to us`
      ]
    }
    case HandshakeType.server_hello: {
      const hello = decodeServerHello(fragment)
      if (Result.isFailure(hello)) return []
      const { cipherSuite, extensions, sessionId } = hello.success
      return [
        `chose ${suiteName(cipherSuite)}; session ${sessionId.toHex()}`,
        `extensions: ${describeExtensions(extensions, "records to the server")}`
      ]
    }
    case HandshakeType.client_key_exchange:
      return [`identity in clear: ${new TextDecoder().decode(fragment.subarray(2))}`]
    default:
      return []
  }
}

const describeExtensions = (extensions: HelloExtensions, direction: string): string => {
  const { connectionId, maxFragmentLength, recordSizeLimit, supportedVersions } = extensions
  const cid = connectionId?.length === 0 ? `none in ${direction}` : `${connectionId?.toHex()} in ${direction}`
  const names = [
    ...(extensions.extendedMasterSecret ? ["extended_master_secret"] : []),
    ...(extensions.encryptThenMac ? ["encrypt_then_mac"] : []),
    ...(extensions.renegotiationInfo === undefined ? [] : ["renegotiation_info"]),
    ...(maxFragmentLength === undefined ? [] : [`max_fragment_length ${maxFragmentLength}`]),
    ...(recordSizeLimit === undefined ? [] : [`record_size_limit ${recordSizeLimit}`]),
    ...(supportedVersions === undefined ? [] : ["supported_versions"]),
    ...(connectionId === undefined ? [] : [`connection_id (${cid})`])
  ]
  return names.length === 0 ? "none" : names.join(", ")
}

const cidBytesOf = ({ fragment, type }: HandshakeFragment): number | undefined => {
  if (type !== HandshakeType.server_hello) return undefined
  const hello = decodeServerHello(fragment)
  return Result.isSuccess(hello) ? hello.success.extensions.connectionId?.length : undefined
}

const suiteName = (suite: number): string =>
  isCipherSuite(suite) ? cipherSuiteName(suite) : `suite 0x${suite.toString(16)}`

const changeCipherSpecName = "ChangeCipherSpec"
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
