/**
 * Address and port of a datagram's sender, as one value that finds it in a Map. For IPv4 address and port fit a 48-bit
 * number, which hashes without allocating. For IPv6 it is a string of their 18 bytes. The bytes are made when they are
 * asked for. An array of seven of them in every session and every datagram is an object of 200 bytes.
 */
export class PeerAddress {
  readonly key: number | string

  constructor(key: number | string) {
    this.key = key
  }

  /** The form in frames and cookies: `family u8 (4, 6) | address | port u16`. A new array each time. */
  get bytes(): Uint8Array {
    const bytes = new Uint8Array(peerAddressLength(this))
    writePeerAddress(bytes, 0, this)
    return bytes
  }
}

export const isIpv4 = (peer: PeerAddress): boolean => typeof peer.key === "number"

export const peerAddressLength = (peer: PeerAddress): number => (isIpv4(peer) ? ipv4Bytes : ipv6Bytes)

/** `bytes` (7 or 19 octets) as an address, or undefined if they are not one. Keeps no reference to `bytes`. */
export const readPeerAddress = (bytes: Uint8Array, offset: number): PeerAddress | undefined => {
  const family = bytes[offset]
  if (family === 4 && offset + ipv4Bytes <= bytes.length) {
    const high = (bytes[offset + 1]! << 8) | bytes[offset + 2]!
    const low = ((bytes[offset + 3]! << 24) | (bytes[offset + 4]! << 16) | (bytes[offset + 5]! << 8)) >>> 0
    return new PeerAddress(high * 0x1_0000_0000 + low + bytes[offset + 6]!)
  }
  if (family !== 6 || offset + ipv6Bytes > bytes.length) return undefined
  return new PeerAddress(String.fromCharCode(...bytes.subarray(offset + 1, offset + ipv6Bytes)))
}

/** Writes `bytes` of the address at `offset`; returns where they end. */
export const writePeerAddress = (target: Uint8Array, offset: number, { key }: PeerAddress): number => {
  if (typeof key === "number") {
    const high = Math.floor(key / 0x1_0000_0000)
    const low = key % 0x1_0000_0000
    target[offset] = 4
    target[offset + 1] = high >> 8
    target[offset + 2] = high & 0xff
    target[offset + 3] = low >>> 24
    target[offset + 4] = (low >>> 16) & 0xff
    target[offset + 5] = (low >>> 8) & 0xff
    target[offset + 6] = low & 0xff
    return offset + ipv4Bytes
  }
  target[offset] = 6
  for (let i = 0; i < key.length; i++) target[offset + 1 + i] = key.charCodeAt(i)
  return offset + ipv6Bytes
}

export const peerPort = ({ key }: PeerAddress): number =>
  typeof key === "number" ? key % 0x1_0000 : (key.charCodeAt(16) << 8) | key.charCodeAt(17)

const ipv4Bytes = 7
const ipv6Bytes = 19
