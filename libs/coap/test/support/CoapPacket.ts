/**
 * `coap-packet` as an oracle for the codec. It takes Buffers, names options by strings and throws. It also accepts some of what
 * RFC 7252 §3 calls format errors: token lengths 9 to 14, truncated tokens and values. It takes numbers above 65535, and no payload
 * behind its marker.
 */
import { generate, parse } from "coap-packet"
import type { Message, MessageType } from "../../src/index.ts"
import { formatCode } from "../../src/index.ts"

export const oracleEncode = (message: Message): Uint8Array =>
  generate(
    {
      confirmable: message.type === "CON",
      ack: message.type === "ACK",
      reset: message.type === "RST",
      code: formatCode(message.code),
      messageId: message.messageId,
      token: buffer(message.token),
      options: message.options.map(({ number, value }) => ({ name: String(number), value: buffer(value) })),
      payload: buffer(message.payload)
    },
    0x20000
  )

export const oracleDecode = (bytes: Uint8Array): Message | undefined => {
  try {
    const packet = parse(buffer(bytes))
    const type: MessageType = packet.confirmable ? "CON" : packet.ack ? "ACK" : packet.reset ? "RST" : "NON"
    const [codeClass, detail] = packet.code.split(".").map(Number)
    return {
      type,
      code: (codeClass! << 5) | detail!,
      messageId: packet.messageId,
      token: plain(packet.token),
      options: packet.options.map(({ name, value }) => ({ number: numberOf(String(name)), value: plain(value) })),
      payload: plain(packet.payload)
    }
  } catch {
    return undefined
  }
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const numberOf = (name: string): number => numbersByName.get(name) ?? Number(name)

const numbersByName = new Map([
  ["If-Match", 1],
  ["Uri-Host", 3],
  ["ETag", 4],
  ["If-None-Match", 5],
  ["Observe", 6],
  ["Uri-Port", 7],
  ["Location-Path", 8],
  ["OSCORE", 9],
  ["Uri-Path", 11],
  ["Content-Format", 12],
  ["Max-Age", 14],
  ["Uri-Query", 15],
  ["Hop-Limit", 16],
  ["Accept", 17],
  ["Q-Block1", 19],
  ["Location-Query", 20],
  ["Block2", 23],
  ["Block1", 27],
  ["Size2", 28],
  ["Q-Block2", 31],
  ["Proxy-Uri", 35],
  ["Proxy-Scheme", 39],
  ["Size1", 60],
  ["No-Response", 258],
  ["OCF-Accept-Content-Format-Version", 2049],
  ["OCF-Content-Format-Version", 2053]
])
