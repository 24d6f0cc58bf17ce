import { PeerAddress, peerPort } from "@roost/contracts"

/** Of a socket and of every address on it: an IPv6 socket knows IPv4 addresses only in their mapped form (RFC 4291 §2.5.5.2). */
export type SocketFamily = 4 | 6

/** Room for a `sockaddr_in6`, the larger of the two. */
export const socketAddressBytesMax = 28

/** `sizeof(struct sockaddr_in)`, `sizeof(struct sockaddr_in6)`. */
export const socketAddressBytes = (family: SocketFamily): number => (family === 4 ? 16 : 28)

/**
 * The address in a `struct sockaddr` of a little-endian Linux; undefined if it is neither IPv4 nor IPv6. IPv4 in IPv6
 * becomes IPv4. A scope (RFC 4007) is left out, as in every PeerAddress.
 */
export const readSocketAddress = (bytes: Uint8Array, at: number): PeerAddress | undefined => {
  const family = bytes[at]! | (bytes[at + 1]! << 8)
  if (family === AF_INET) return new PeerAddress(ipv4Key(bytes, at + 4, at + 2))
  if (family !== AF_INET6) return undefined
  const address = at + 8
  if (isMapped(bytes, address)) return new PeerAddress(ipv4Key(bytes, address + 12, at + 2))
  for (let i = 0; i < 16; i++) ipv6Key[i] = bytes[address + i]!
  ipv6Key[16] = bytes[at + 2]!
  ipv6Key[17] = bytes[at + 3]!
  return new PeerAddress(String.fromCharCode.apply(null, ipv6Key))
}

/** Writes `socketAddressBytes(family)` bytes at `at`; false if a socket of `family` can't reach the peer. */
export const writeSocketAddress = (bytes: Uint8Array, at: number, family: SocketFamily, peer: PeerAddress): boolean => {
  const { key } = peer
  const port = peerPort(peer)
  bytes[at] = family === 4 ? AF_INET : AF_INET6
  bytes[at + 1] = 0
  bytes[at + 2] = port >> 8
  bytes[at + 3] = port & 0xff
  if (family === 4) {
    if (typeof key !== "number") return false
    writeIpv4(bytes, at + 4, key)
    bytes.fill(0, at + 8, at + 16)
    return true
  }
  bytes.fill(0, at + 4, at + 28)
  if (typeof key === "number") {
    bytes[at + 18] = 0xff
    bytes[at + 19] = 0xff
    writeIpv4(bytes, at + 20, key)
  } else {
    for (let i = 0; i < 16; i++) bytes[at + 8 + i] = key.charCodeAt(i)
  }
  return true
}

const ipv4Key = (bytes: Uint8Array, address: number, port: number): number => {
  const high = (bytes[address]! << 8) | bytes[address + 1]!
  const low = ((bytes[address + 2]! << 24) | (bytes[address + 3]! << 16) | (bytes[port]! << 8) | bytes[port + 1]!) >>> 0
  return high * 0x1_0000_0000 + low
}

const writeIpv4 = (bytes: Uint8Array, at: number, key: number): void => {
  const address = Math.floor(key / 0x1_0000)
  bytes[at] = address >>> 24
  bytes[at + 1] = address >>> 16
  bytes[at + 2] = address >>> 8
  bytes[at + 3] = address
}

/** ::ffff:0:0/96. */
const isMapped = (bytes: Uint8Array, at: number): boolean => {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff
}

/** Of linux/socket.h. */
const AF_INET = 2
const AF_INET6 = 10

/** Address and port of the one that is being read. */
const ipv6Key: Array<number> = Array.from({ length: 18 }, () => 0)
