import {
  decodeToken,
  encodeToken,
  formatPeerAddress,
  FrameKind,
  FrameReader,
  FrameWriter,
  parseBase32,
  type PeerAddress,
  parsePeerAddress,
  peerHost,
  peerPort
} from "../src/index.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const frame = (...addresses: ReadonlyArray<string>): Uint8Array => {
  const writer = new FrameWriter("edge0001")
  for (const address of addresses) {
    writer.add(FrameKind.Datagram, 7, parsePeerAddress(address, 5684)!, bytes(address))
  }
  return writer.take()
}

const sameAddress = (peer: PeerAddress): void => {
  const again = parsePeerAddress(peerHost(peer), peerPort(peer))
  // An IPv4 address in an IPv6 address is the IPv4 address.
  if (again === undefined || formatPeerAddress(again) !== formatPeerAddress(peer)) {
    throw new Error(`the address ${formatPeerAddress(peer)} does not come back`)
  }
}

export const fuzzTargets = [
  {
    name: "frame",
    seeds: () => [frame(), frame("192.0.2.1"), frame("192.0.2.1", "2001:db8::1", "127.0.0.1")],
    run: (input: Uint8Array) => {
      const reader = new FrameReader(input)
      const writer = new FrameWriter(reader.origin.replace(/[^ -~]/g, "?"))
      let entries = 0
      while (reader.next()) {
        entries++
        sameAddress(reader.peer)
        writer.add(reader.kind, reader.partition, reader.peer, reader.body)
      }
      const again = new FrameReader(writer.take())
      while (again.next()) entries--
      if (again.malformed || entries !== 0) throw new Error("a frame of what was read is another frame")
    }
  },
  {
    name: "subject-token",
    bytesMax: 200,
    seeds: () => ["plain-Token_1", "=", "=2E=2A", "a=C3=A4", "a.b", "*", ">"].map(bytes),
    run: (input: Uint8Array) => {
      const text = new TextDecoder().decode(input)
      const token = encodeToken(text)
      if (!/^[A-Za-z0-9_=-]+$/.test(token)) throw new Error(`${JSON.stringify(token)} is no token`)
      if (decodeToken(token) !== text.toWellFormed()) throw new Error("a token is not read as it was written")
      const decoded = decodeToken(text)
      if (decoded !== undefined && encodeToken(decoded) !== text) throw new Error("two tokens for one text")
      parseBase32(text)
    }
  },
  {
    name: "address-text",
    bytesMax: 80,
    seeds: () => ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "::", "fe80::1%eth0", "1:2:3:4:5:6:7:8"].map(bytes),
    run: (input: Uint8Array) => {
      const peer = parsePeerAddress(new TextDecoder().decode(input), 1)
      if (peer !== undefined) sameAddress(peer)
    }
  }
]
