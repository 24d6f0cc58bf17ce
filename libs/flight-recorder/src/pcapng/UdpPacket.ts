/** An end of a datagram: 4 or 16 bytes, and a port. */
export interface Endpoint {
  readonly address: Uint8Array
  readonly port: number
}

const udpProtocol = 17
const udpHeaderBytes = 8

/** A UDP datagram with the IPv4 or IPv6 header that its ends make (RFC 768, 791, 8200). Both ends are of one family. */
export const udpPacket = (from: Endpoint, to: Endpoint, payload: Uint8Array): Uint8Array => {
  const udp = new Uint8Array(udpHeaderBytes + payload.length)
  const view = new DataView(udp.buffer)
  view.setUint16(0, from.port)
  view.setUint16(2, to.port)
  view.setUint16(4, udp.length)
  udp.set(payload, udpHeaderBytes)
  view.setUint16(6, checksum([pseudoHeader(from.address, to.address, udp.length), udp]) || 0xffff)
  const header =
    from.address.length === 4 ? ipv4(from.address, to.address, udp.length) : ipv6(from.address, to.address, udp.length)
  const packet = new Uint8Array(header.length + udp.length)
  packet.set(header)
  packet.set(udp, header.length)
  return packet
}

const ipv4 = (from: Uint8Array, to: Uint8Array, length: number): Uint8Array => {
  const header = new Uint8Array(20)
  const view = new DataView(header.buffer)
  header[0] = 0x45
  view.setUint16(2, 20 + length)
  // Not to be fragmented; 64 hops.
  view.setUint16(6, 0x4000)
  header[8] = 64
  header[9] = udpProtocol
  header.set(from, 12)
  header.set(to, 16)
  view.setUint16(10, checksum([header]))
  return header
}

const ipv6 = (from: Uint8Array, to: Uint8Array, length: number): Uint8Array => {
  const header = new Uint8Array(40)
  header[0] = 0x60
  new DataView(header.buffer).setUint16(4, length)
  header[6] = udpProtocol
  header[7] = 64
  header.set(from, 8)
  header.set(to, 24)
  return header
}

const pseudoHeader = (from: Uint8Array, to: Uint8Array, length: number): Uint8Array => {
  const pseudo = new Uint8Array(2 * from.length + 8)
  pseudo.set(from)
  pseudo.set(to, from.length)
  const view = new DataView(pseudo.buffer)
  view.setUint32(2 * from.length, length)
  pseudo[2 * from.length + 7] = udpProtocol
  return pseudo
}

/** RFC 1071; each part but the last has an even length. */
const checksum = (parts: ReadonlyArray<Uint8Array>): number => {
  let sum = 0
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | (part[i + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
