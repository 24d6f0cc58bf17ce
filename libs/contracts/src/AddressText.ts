import { isIpv4, PeerAddress, peerPort } from "./PeerAddress.ts"

/**
 * From the text that a socket or a person gives; undefined if `address` is neither IPv4 nor IPv6. IPv4 in IPv6
 * (`::ffff:0:0/96`), however it is written, becomes IPv4: a peer has one key on every socket.
 */
export const parsePeerAddress = (address: string, port: number): PeerAddress | undefined => {
  const v4 = parseV4(address)
  if (v4 !== undefined) return new PeerAddress(v4 * 0x1_0000 + port)
  const groups = parseV6(address)
  if (groups === undefined) return undefined
  if (isMapped(groups)) return new PeerAddress((groups[6]! * 0x1_0000 + groups[7]!) * 0x1_0000 + port)
  return new PeerAddress(String.fromCharCode(...[...groups, port].flatMap((group) => [group >> 8, group & 0xff])))
}

/** The address as a socket wants it and as RFC 5952 writes it. */
export const peerHost = ({ key }: PeerAddress): string => {
  if (typeof key === "number") return v4Text(Math.floor(key / 0x1_0000))
  const groups: Array<number> = []
  for (let i = 0; i < 16; i += 2) groups.push((key.charCodeAt(i) << 8) | key.charCodeAt(i + 1))
  // RFC 5952 §5: of a prefix that is known to embed IPv4, the address in decimal.
  if (isMapped(groups)) return `::ffff:${v4Text(groups[6]! * 0x1_0000 + groups[7]!)}`
  const { at, length } = longestZeros(groups)
  // RFC 5952 §4.2.2: one zero group alone is not shortened.
  if (length < 2) return hexGroups(groups)
  return `${hexGroups(groups.slice(0, at))}::${hexGroups(groups.slice(at + length))}`
}

/** For people: `192.0.2.1:5684`, `[2001:db8::1]:5684` (RFC 5952 §6). */
export const formatPeerAddress = (peer: PeerAddress): string =>
  isIpv4(peer) ? `${peerHost(peer)}:${peerPort(peer)}` : `[${peerHost(peer)}]:${peerPort(peer)}`

/** Host and port for people, where the host may be a name. */
export const formatHostPort = (host: string, port: number): string => {
  const peer = parsePeerAddress(host, port)
  return peer === undefined ? `${host}:${port}` : formatPeerAddress(peer)
}

/** An output of `formatPeerAddress`, or an address alone, in any spelling: then the port is 0. */
export const parseHostPort = (text: string): PeerAddress | undefined => {
  const [, bracketed, host, port] = hostPort.exec(text) ?? []
  const number = Number(port ?? 0)
  return number > 0xffff ? undefined : parsePeerAddress(bracketed ?? host ?? text, number)
}

const hostPort = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/

/** RFC 5952 §4.1: lower case, no leading zeros. */
const hexGroups = (groups: ReadonlyArray<number>): string => groups.map((group) => group.toString(16)).join(":")

const v4Text = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`

const isMapped = (groups: ReadonlyArray<number>): boolean =>
  groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)

/** RFC 5952 §4.2.3: the longest run of zero groups, of equal ones the first. */
const longestZeros = (groups: ReadonlyArray<number>): { readonly at: number; readonly length: number } => {
  let longest = { at: 0, length: 0 }
  for (let at = 0, length = 0; at < groups.length; at++) {
    length = groups[at] === 0 ? length + 1 : 0
    if (length > longest.length) longest = { at: at - length + 1, length }
  }
  return longest
}

/** The four octets as a number. */
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

/** The eight groups of RFC 4291 §2.2; a zone (RFC 4007 §11) is left out. */
const parseV6 = (text: string): ReadonlyArray<number> | undefined => {
  const halves = text.split("%", 1)[0]!.split("::")
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const known = head.length + tail.length
  if (halves.length === 2 ? known > 7 : known !== 8) return undefined
  return [...head, ...Array.from({ length: 8 - known }, () => 0), ...tail]
}

/** `mayEndInV4`: the last 32 bits may be in decimal (RFC 4291 §2.2, 3). */
const parseGroups = (text: string, mayEndInV4: boolean): Array<number> | undefined => {
  if (text === "") return []
  const parts = text.split(":")
  const groups: Array<number> = []
  for (const [index, part] of parts.entries()) {
    if (hexGroup.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const v4 = mayEndInV4 && index === parts.length - 1 ? parseV4(part) : undefined
    if (v4 === undefined) return undefined
    groups.push(Math.floor(v4 / 0x1_0000), v4 % 0x1_0000)
  }
  return groups
}

const hexGroup = /^[0-9a-fA-F]{1,4}$/
