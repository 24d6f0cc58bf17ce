/**
 * Address and port of a datagram's sender, as one value that finds it in a Map: for IPv4 address and port fit a 48-bit
 * number, which hashes without allocating; for IPv6 it is a string of their 18 bytes. The bytes are made when they are
 * asked for: an array of seven of them in every session and every datagram is an object of 200 bytes.
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

/** From the text that a socket gives; undefined if `address` is neither IPv4 nor IPv6. IPv4 in IPv6 becomes IPv4. */
export const parsePeerAddress = (address: string, port: number): PeerAddress | undefined => {
  const v4 = parseV4(address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address)
  if (v4 !== undefined) return new PeerAddress(v4 * 0x1_0000 + port)
  const v6 = parseV6(address)
  return v6 && readPeerAddress(Uint8Array.of(6, ...v6, port >> 8, port & 0xff), 0)
}

/** The address as a socket wants it. */
export const peerHost = ({ key }: PeerAddress): string => {
  if (typeof key === "number") {
    const address = Math.floor(key / 0x1_0000)
    return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`
  }
  const groups: Array<string> = []
  for (let i = 0; i < 16; i += 2) groups.push(((key.charCodeAt(i) << 8) | key.charCodeAt(i + 1)).toString(16))
  return groups.join(":")
}

export const peerPort = ({ key }: PeerAddress): number =>
  typeof key === "number" ? key % 0x1_0000 : (key.charCodeAt(16) << 8) | key.charCodeAt(17)

/** For people: `192.0.2.1:5684`, `[2001:db8:0:0:0:0:0:1]:5684`. */
export const formatPeerAddress = (peer: PeerAddress): string =>
  isIpv4(peer) ? `${peerHost(peer)}:${peerPort(peer)}` : `[${peerHost(peer)}]:${peerPort(peer)}`

const ipv4Bytes = 7
const ipv6Bytes = 19

/** The four bytes as a number. */
const parseV4 = (text: string): number | undefined => {
  let address = 0
  let groups = 0
  let value = 0
  let digits = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 46
    if (code === 46) {
      if (digits === 0 || ++groups > 4) return undefined
      address = address * 256 + value
      value = 0
      digits = 0
    } else {
      if (code < 48 || code > 57) return undefined
      value = value * 10 + code - 48
      if (++digits > 3 || value > 255) return undefined
    }
  }
  return groups === 4 ? address : undefined
}

const parseV6 = (text: string): Uint8Array | undefined => {
  const address = text.split("%", 1)[0]!
  const halves = address.split("::")
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!)
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : []
  if (head === undefined || tail === undefined) return undefined
  const known = head.length + tail.length
  if (halves.length === 2 ? known > 7 : known !== 8) return undefined
  const groups = [...head, ...Array.from({ length: 8 - known }, () => 0), ...tail]
  const bytes = new Uint8Array(16)
  groups.forEach((group, i) => {
    bytes[i * 2] = group >> 8
    bytes[i * 2 + 1] = group & 0xff
  })
  return bytes
}

const parseGroups = (text: string): Array<number> | undefined => {
  if (text === "") return []
  const groups: Array<number> = []
  for (const part of text.split(":")) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return groups
}
