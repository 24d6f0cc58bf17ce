import ipaddr from "ipaddr.js"

/**
 * Whether an address is public unicast: neither private, local, reserved, multicast nor documentation. Nor does an IPv6 address count that
 * carries an IPv4 address to a gateway (NAT64, 6to4, Teredo, IPv4-mapped): where that leads is not seen here. A name is no address: false.
 */
export const isPublicAddress = (text: string): boolean => {
  const bare = text.replace(/^\[|\]$/g, "")
  if (!ipaddr.isValid(bare)) return false
  const address = ipaddr.parse(bare)
  if (address.range() !== "unicast" || onlyFromInside.some((net) => net.kind === address.kind() && net.has(address))) {
    return false
  }
  return address.kind() === "ipv4" || (isGlobal(address) && !isIsatap(address))
}

/** Whether it is an address rather than a name. */
export const isAddress = (text: string): boolean => ipaddr.isValid(text.replace(/^\[|\]$/g, ""))

type Address = ReturnType<typeof ipaddr.parse>

const net = (cidr: string) => {
  const range = ipaddr.parseCIDR(cidr)
  return { kind: range[0].kind(), has: (address: Address): boolean => address.match(range) }
}

/** Addresses of the public space that mean something else inside a network. */
const onlyFromInside = [
  // Azure's metadata, DNS and DHCP, from every virtual machine.
  net("168.63.129.16/32"),
  // IETF protocol assignments (RFC 2928): anycast and tunnels, nobody's web server.
  net("2001::/23")
]

/** All that is assigned for global unicast (RFC 4291 §2.4, the IANA registry): the rest of IPv6 is special or not given out. */
const globalUnicast = net("2000::/3")
const isGlobal = globalUnicast.has

/** ISATAP (RFC 5214 §6.1): the last four bytes are an IPv4 address of the site. */
const isIsatap = (address: Address): boolean => {
  const bytes = address.toByteArray()
  return (bytes[8]! & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
}
