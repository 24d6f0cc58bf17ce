import { assert, describe, it } from "@effect/vitest"
import {
  formatHostPort,
  formatPeerAddress,
  parseHostPort,
  parsePeerAddress,
  peerHost,
  peerPort,
  readPeerAddress
} from "../src/index.ts"

describe("PeerAddress", () => {
  for (const [address, port, shown] of [
    ["127.0.0.1", 5684, "127.0.0.1:5684"],
    ["255.255.255.255", 65_535, "255.255.255.255:65535"],
    ["::ffff:10.0.0.1", 1, "10.0.0.1:1"],
    ["::FFFF:10.0.0.1", 1, "10.0.0.1:1"],
    ["::ffff:a00:1", 1, "10.0.0.1:1"],
    ["0:0:0:0:0:ffff:a00:1", 1, "10.0.0.1:1"],
    ["::", 5684, "[::]:5684"],
    ["::1", 5684, "[::1]:5684"],
    ["1::", 5684, "[1::]:5684"],
    ["2001:DB8::8:800:200C:417A", 9, "[2001:db8::8:800:200c:417a]:9"],
    ["2001:0db8:0000:0000:0001:0000:0000:0001", 9, "[2001:db8::1:0:0:1]:9"],
    ["2001:db8:0:1:1:1:1:1", 9, "[2001:db8:0:1:1:1:1:1]:9"],
    ["2001:0:0:1:0:0:0:1", 9, "[2001:0:0:1::1]:9"],
    ["64:ff9b::192.0.2.33", 9, "[64:ff9b::c000:221]:9"],
    ["::ffff:0:10.0.0.1", 9, "[::ffff:0:a00:1]:9"],
    ["fe80::1%eth0", 9, "[fe80::1]:9"]
  ] as const) {
    it(`writes ${address} port ${port} as RFC 5952 says, and reads it back (trust E22)`, () => {
      const peer = parsePeerAddress(address, port)!
      assert.strictEqual(formatPeerAddress(peer), shown)
      assert.strictEqual(formatHostPort(address, port), shown)
      assert.strictEqual(peerPort(peer), port)
      const again = readPeerAddress(peer.bytes, 0)!
      assert.strictEqual(again.key, peer.key)
      assert.strictEqual(parsePeerAddress(peerHost(peer), port)!.key, peer.key)
    })
  }

  it("writes every pattern of zero groups as URLs do, and reads it back (trust E22)", () => {
    for (let bits = 0; bits < 256; bits++) {
      const groups = Array.from({ length: 8 }, (_, i) => ((bits >> i) & 1 ? "1ab" : "0"))
      const peer = parsePeerAddress(groups.join(":"), 1)!
      // WHATWG's host serializer follows RFC 5952 too.
      assert.strictEqual(`[${peerHost(peer)}]`, new URL(`http://[${groups.join(":")}]`).hostname)
      assert.strictEqual(parsePeerAddress(peerHost(peer), 1)!.key, peer.key)
    }
  })

  it("leaves a host's name as it is (trust E22)", () => {
    assert.strictEqual(formatHostPort("localhost", 5684), "localhost:5684")
  })

  it("reads what it shows, and addresses alone in any spelling (trust A7)", () => {
    for (const [text, shown] of [
      ["192.0.2.1:5684", "192.0.2.1:5684"],
      ["192.0.2.1", "192.0.2.1:0"],
      ["[2001:DB8:0::1]:99", "[2001:db8::1]:99"],
      ["[2001:db8::1]", "[2001:db8::1]:0"],
      ["2001:db8::1", "[2001:db8::1]:0"],
      ["::ffff:192.0.2.1", "192.0.2.1:0"]
    ] as const) {
      assert.strictEqual(formatPeerAddress(parseHostPort(text)!), shown)
    }
    for (const text of ["", "meter", "192.0.2.1:65536", "192.0.2.1:", "[::1", "1.2.3:5"]) {
      assert.isUndefined(parseHostPort(text), text)
    }
  })

  it("tells every IPv4 address and port apart by its key", () => {
    const keys = new Set<number | string>()
    for (const address of ["0.0.0.0", "0.0.0.1", "0.127.0.0", "0.128.0.0", "127.0.0.1", "128.0.0.1", "255.0.0.0"]) {
      for (const port of [0, 1, 255, 256, 32_768, 65_535]) keys.add(parsePeerAddress(address, port)!.key)
    }
    assert.strictEqual(keys.size, 42)
  })

  it("refuses what is no address", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "1..2.3",
      "a.b.c.d",
      "::1::",
      "1:2:3",
      "12345::",
      "g::",
      "1.2.3.4::1",
      "::1.2.3",
      "::1.2.3.4:1"
    ]) {
      assert.isUndefined(parsePeerAddress(text, 1), text)
    }
    assert.isUndefined(readPeerAddress(Uint8Array.of(4, 1, 2, 3), 0))
    assert.isUndefined(readPeerAddress(Uint8Array.of(5, 1, 2, 3, 4, 0, 0), 0))
  })
})
