/* Blocks of pcapng (draft-ietf-opsawg-pcapng), little-endian. */

/** LINKTYPE_RAW: a packet begins with its IPv4 or IPv6 header. */
const linkTypeRaw = 101
/** "TLSK": lines of NSS's key log. */
const tlsKeyLog = 0x544c534b

const block = (type: number, body: Uint8Array): Uint8Array => {
  const length = 12 + padded(body.length)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, length, true)
  bytes.set(body, 8)
  view.setUint32(length - 4, length, true)
  return bytes
}

export const sectionHeader = (application: string): Uint8Array => {
  const options = optionsOf([[4, utf8.encode(application)]])
  const body = new Uint8Array(16 + options.length)
  const view = new DataView(body.buffer)
  view.setUint32(0, 0x1a2b3c4d, true)
  view.setUint16(4, 1, true)
  // Of unknown length.
  view.setBigInt64(8, -1n, true)
  body.set(options, 16)
  return block(0x0a0d0d0a, body)
}

/** Times of its packets are in microseconds. */
export const interfaceDescription = (name: string, description: string): Uint8Array => {
  const options = optionsOf([
    [2, utf8.encode(name)],
    [3, utf8.encode(description)],
    [9, Uint8Array.of(6)]
  ])
  const body = new Uint8Array(8 + options.length)
  new DataView(body.buffer).setUint16(0, linkTypeRaw, true)
  body.set(options, 8)
  return block(1, body)
}

/** `millis` since 1970. */
export const enhancedPacket = (on: number, millis: number, packet: Uint8Array, comment?: string): Uint8Array => {
  const options = comment === undefined ? new Uint8Array(0) : optionsOf([[1, utf8.encode(comment)]])
  const length = padded(packet.length)
  const body = new Uint8Array(20 + length + options.length)
  const view = new DataView(body.buffer)
  const micros = BigInt(Math.round(millis * 1000))
  view.setUint32(0, on, true)
  view.setUint32(4, Number(micros >> 32n), true)
  view.setUint32(8, Number(micros & 0xffffffffn), true)
  view.setUint32(12, packet.length, true)
  view.setUint32(16, packet.length, true)
  body.set(packet, 20)
  body.set(options, 20 + length)
  return block(6, body)
}

/** Secrets that open the records behind it: lines of NSS's key log. */
export const decryptionSecrets = (keyLog: string): Uint8Array => {
  const text = utf8.encode(keyLog)
  const body = new Uint8Array(8 + padded(text.length))
  const view = new DataView(body.buffer)
  view.setUint32(0, tlsKeyLog, true)
  view.setUint32(4, text.length, true)
  body.set(text, 8)
  return block(0x0a, body)
}

const optionsOf = (options: ReadonlyArray<readonly [code: number, value: Uint8Array]>): Uint8Array => {
  const length = options.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [code, value] of options) {
    view.setUint16(at, code, true)
    view.setUint16(at + 2, value.length, true)
    bytes.set(value, at + 4)
    at += 4 + padded(value.length)
  }
  return bytes
}

const padded = (length: number): number => (length + 3) & ~3
const utf8 = new TextEncoder()
