/**
 * Address and port of a datagram's sender. `bytes` is the form in frames and cookies: `family u8 (4, 6) | address |
 * port u16`. `key` finds it in a Map: for IPv4 address and port fit a 48-bit number, which hashes without allocating;
 * for IPv6 it is a string.
 */
export interface PeerAddress {
  readonly key: number | string
  readonly bytes: Uint8Array
}

export const peerAddressLength = (peer: PeerAddress): number => peer.bytes.length

/** `bytes` (7 or 19 octets) as an address, or undefined if they are not one. Keeps no reference to `bytes`. */
export const readPeerAddress = (bytes: Uint8Array, offset: number): PeerAddress | undefined => {
  const family = bytes[offset]
  const length = family === 4 ? 7 : family === 6 ? 19 : 0
  if (length === 0 || offset + length > bytes.length) return undefined
  // Not `slice`: of a Buffer that is a view, and would keep the whole frame alive. Byte by byte: a copy of a view is two objects.
  const own = new Uint8Array(length)
  for (let i = 0; i < length; i++) own[i] = bytes[offset + i]!
  return { key: keyOf(own), bytes: own }
}

export const writePeerAddress = (target: Uint8Array, offset: number, peer: PeerAddress): number => {
  target.set(peer.bytes, offset)
  return offset + peer.bytes.length
}

/** From the text that a socket gives; undefined if `address` is neither IPv4 nor IPv6. IPv4 in IPv6 becomes IPv4. */
export const parsePeerAddress = (address: string, port: number): PeerAddress | undefined => {
  const v4 = parseV4(address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address)
  if (v4 !== undefined) {
    const bytes = new Uint8Array(7)
    bytes[0] = 4
    bytes.set(v4, 1)
    bytes[5] = port >> 8
    bytes[6] = port & 0xff
    return { key: keyOf(bytes), bytes }
  }
  const v6 = parseV6(address)
  if (v6 === undefined) return undefined
  const bytes = new Uint8Array(19)
  bytes[0] = 6
  bytes.set(v6, 1)
  bytes[17] = port >> 8
  bytes[18] = port & 0xff
  return { key: keyOf(bytes), bytes }
}

/** The address as a socket wants it. */
export const peerHost = (peer: PeerAddress): string => {
  const bytes = peer.bytes
  if (bytes[0] === 4) return `${bytes[1]}.${bytes[2]}.${bytes[3]}.${bytes[4]}`
  const groups: Array<string> = []
  for (let i = 1; i < 17; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return groups.join(":")
}

export const peerPort = (peer: PeerAddress): number => {
  const bytes = peer.bytes
  return (bytes[bytes.length - 2]! << 8) | bytes[bytes.length - 1]!
}

/** For people: `192.0.2.1:5684`, `[2001:db8:0:0:0:0:0:1]:5684`. */
export const formatPeerAddress = (peer: PeerAddress): string =>
  peer.bytes[0] === 4 ? `${peerHost(peer)}:${peerPort(peer)}` : `[${peerHost(peer)}]:${peerPort(peer)}`

const keyOf = (bytes: Uint8Array): number | string => {
  if (bytes[0] === 4) {
    const high = (bytes[1]! << 8) | bytes[2]!
    const low = ((bytes[3]! << 24) | (bytes[4]! << 16) | (bytes[5]! << 8) | bytes[6]!) >>> 0
    return high * 0x1_0000_0000 + low
  }
  return String.fromCharCode(...bytes.subarray(1))
}

const parseV4 = (text: string): Uint8Array | undefined => {
  const bytes = new Uint8Array(4)
  let value = 0
  let digits = 0
  let index = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 46
    if (code === 46) {
      if (digits === 0 || index > 3) return undefined
      bytes[index++] = value
      value = 0
      digits = 0
    } else {
      if (code < 48 || code > 57) return undefined
      value = value * 10 + code - 48
      if (++digits > 3 || value > 255) return undefined
    }
  }
  return index === 4 ? bytes : undefined
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
