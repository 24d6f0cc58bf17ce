import { assert, describe, it } from "@effect/vitest"
import { formatPeerAddress, parsePeerAddress, peerHost, peerPort, readPeerAddress } from "../src/index.ts"

describe("PeerAddress", () => {
  for (const [address, port, shown] of [
    ["127.0.0.1", 5684, "127.0.0.1:5684"],
    ["255.255.255.255", 65_535, "255.255.255.255:65535"],
    ["::ffff:10.0.0.1", 1, "10.0.0.1:1"],
    ["::1", 5684, "[0:0:0:0:0:0:0:1]:5684"],
    ["2001:db8::8:800:200c:417a", 9, "[2001:db8:0:0:8:800:200c:417a]:9"],
    ["fe80::1%eth0", 9, "[fe80:0:0:0:0:0:0:1]:9"]
  ] as const) {
    it(`keeps ${address} port ${port}`, () => {
      const peer = parsePeerAddress(address, port)!
      assert.strictEqual(formatPeerAddress(peer), shown)
      assert.strictEqual(peerPort(peer), port)
      const again = readPeerAddress(peer.bytes, 0)!
      assert.strictEqual(again.key, peer.key)
      assert.strictEqual(parsePeerAddress(peerHost(peer), port)!.key, peer.key)
    })
  }

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
      "g::"
    ]) {
      assert.isUndefined(parsePeerAddress(text, 1), text)
    }
    assert.isUndefined(readPeerAddress(Uint8Array.of(4, 1, 2, 3), 0))
    assert.isUndefined(readPeerAddress(Uint8Array.of(5, 1, 2, 3, 4, 0, 0), 0))
  })
})
