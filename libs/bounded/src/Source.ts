/**
 * The host behind a peer's key, for limits per source: an IPv4 address, or an IPv6 network of 64 bits. A host has all
 * addresses of its own network. A key is a number, IPv4 address × 2^16 + port, or a string of octets: 16 of an IPv6
 * address, 2 of the port.
 */
export const sourceOf = (peerKey: number | string): number | string =>
  typeof peerKey === "number" ? Math.floor(peerKey / 0x1_0000) : peerKey.slice(0, networkOctets)

const networkOctets = 8
