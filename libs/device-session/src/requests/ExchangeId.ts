import { blockBytes, type Request, szxMax } from "@roost/coap"

/**
 * The name of an uplink in the stream. It is the same for every copy of its message and every owner that
 * gets one, also after a resumption. It has `DeviceSession.scope`, message id and token: RFC 7252 §4.4 and §5.3.1 let
 * no client use them again within EXCHANGE_LIFETIME. A checksum of path and body is against clients that do.
 */
export const exchangeId = (scope: string, { messageId, path, payload, token }: Request): string => {
  let id = `${scope}.${checksum(path, payload)}.${messageId.toString(36)}.`
  for (let index = 0; index < token.length; index++) id += hexOf[token[index]!]!
  return id
}

/**
 * Whether `request`, named `id`, is a copy of the one that an earlier owner stored as `storedId`. A body that can only
 * have come in blocks is compared by its content. The device had to send it again from the first block, under other
 * message ids.
 */
export const isCopy = (storedId: string, id: string, request: Request): boolean =>
  storedId === id || (request.payload.length > blockBytes(szxMax) && bodyOf(storedId) === bodyOf(id))

const bodyOf = (id: string): string => id.slice(0, id.indexOf(".", id.indexOf(".") + 1))

/** Two lanes of 32 bits, multiplied by odd numbers: 0.2 µs for 150 bytes, and no more than a checksum. */
const checksum = (path: ReadonlyArray<string>, bytes: Uint8Array): string => {
  let a = 0x811c9dc5
  let b = bytes.length
  for (const segment of path) {
    for (let index = 0; index < segment.length; index++) a = Math.imul(a ^ segment.charCodeAt(index), 0x01000193)
    a = Math.imul(a ^ 0x2f, 0x01000193)
  }
  for (let index = 0; index < bytes.length; index++) {
    a = Math.imul(a ^ bytes[index]!, 0x01000193)
    b = Math.imul(b ^ bytes[index]!, 0x9e3779b1) + 0x7f4a7c15
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36)
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))
