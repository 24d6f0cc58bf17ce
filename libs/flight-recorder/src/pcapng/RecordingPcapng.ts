import { isIpv4, parseHostPort, type PeerAddress, peerPort, type RecordedEntry } from "@roost/contracts"
import { decryptionSecrets, enhancedPacket, interfaceDescription, sectionHeader } from "./Pcapng.ts"
import { type Endpoint, udpPacket } from "./UdpPacket.ts"

/** CoAP's ports (RFC 7252 §12.6, §12.7): by them Wireshark knows what it reads, whatever port the edge has. */
const coapPort = 5683
const coapsPort = 5684

/** The server's own address is not recorded: each packet has one of those for documentation (RFC 5737, RFC 3849). */
const serverIpv4 = Uint8Array.of(203, 0, 113, 1)
const serverIpv6 = Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)

const wire = 0
const plain = 1

/**
 * A recording for Wireshark. One interface has the datagrams as they were on the wire, another the CoAP message of each
 * record. `secrets`: with those of handshakes that were recorded. Entries in any order.
 */
export const recordingPcapng = (
  entries: ReadonlyArray<RecordedEntry>,
  options: { readonly secrets: boolean }
): Uint8Array => {
  const blocks: Array<Uint8Array> = [
    sectionHeader("Roost"),
    interfaceDescription("dtls", "What was on the wire; the server's address is made up"),
    interfaceDescription("coap", "The CoAP message of each record, as Roost opened or sealed it")
  ]
  const inOrder = inOrderOf(entries)
  if (options.secrets) {
    const keyLog = keyLogOf(inOrder)
    if (keyLog !== "") blocks.push(decryptionSecrets(keyLog))
  }
  for (const { at, what } of inOrder) {
    if (what._tag !== "Datagram" && what._tag !== "Message") continue
    const peer = parseHostPort(what.peer)
    if (peer === undefined) continue
    const isWire = what._tag === "Datagram"
    const [device, server] = endsOf(peer, isWire ? coapsPort : coapPort)
    const [from, to] = what.direction === "in" ? [device, server] : [server, device]
    const packet = udpPacket(from, to, new Uint8Array(Buffer.from(what.bytes, "base64")))
    blocks.push(enhancedPacket(isWire ? wire : plain, at, packet))
  }
  return new Uint8Array(Buffer.concat(blocks))
}

/** Each secret with the random of the ClientHello that its peer sent last before. */
const keyLogOf = (inOrder: ReadonlyArray<RecordedEntry>): string => {
  const randoms = new Map<string, string>()
  let lines = ""
  for (const { what } of inOrder) {
    if (what._tag === "Datagram" && what.direction === "in") {
      const random = clientRandomOf(Buffer.from(what.bytes, "base64"))
      if (random !== undefined) randoms.set(what.peer, random)
    } else if (what._tag === "Secret") {
      const random = randoms.get(what.peer)
      if (random !== undefined) lines += `CLIENT_RANDOM ${random} ${what.masterSecret}\n`
    }
  }
  return lines
}

/** Of a datagram that begins with a whole ClientHello: behind the headers of record and message, and a version (RFC 6347 §4.2.1). */
const clientRandomOf = (datagram: Buffer): string | undefined => {
  const isClientHello = datagram[0] === 22 && datagram[13] === 1 && datagram.length >= 59
  return isClientHello ? datagram.subarray(27, 59).toString("hex") : undefined
}

/**
 * By time. Entries that one process counted stay in that order, whatever its clock says. Of the same millisecond an edge's come first,
 * which hands on what the others tell of.
 */
export const inOrderOf = (entries: ReadonlyArray<RecordedEntry>): ReadonlyArray<RecordedEntry> => {
  const latest = new Map<string, number>()
  const timed = entries
    .toSorted((one, other) => one.number - other.number)
    .map((entry) => {
      const at = Math.max(entry.at, latest.get(entry.process) ?? 0)
      latest.set(entry.process, at)
      return { entry, at, rank: entry.process.startsWith("udp-edge") ? 0 : 1 }
    })
  timed.sort((one, other) => one.at - other.at || one.rank - other.rank || one.entry.number - other.entry.number)
  return timed.map(({ entry }) => entry)
}

const endsOf = (peer: PeerAddress, port: number): readonly [device: Endpoint, server: Endpoint] => [
  { address: addressOf(peer), port: peerPort(peer) },
  { address: isIpv4(peer) ? serverIpv4 : serverIpv6, port }
]

/** Without family and port. */
const addressOf = (peer: PeerAddress): Uint8Array => peer.bytes.slice(1, -2)
