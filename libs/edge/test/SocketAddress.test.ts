import { assert, describe, it } from "@effect/vitest"
import { parsePeerAddress, readPeerAddress } from "@roost/contracts"
import * as Schema from "effect/Schema"
import {
  readSocketAddress,
  socketAddressBytes,
  socketAddressBytesMax,
  writeSocketAddress
} from "../src/SocketAddress.ts"

const byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
/** An address and a port. */
const bytes = (length: number) => Schema.Array(byte).check(Schema.isMinLength(length), Schema.isMaxLength(length))

describe("SocketAddress", () => {
  it.prop("reads back what it wrote, IPv4 in IPv6 as IPv4", [bytes(6), bytes(18)], ([ipv4, ipv6]) => {
    for (const peer of [
      readPeerAddress(Uint8Array.of(4, ...ipv4), 0)!,
      readPeerAddress(Uint8Array.of(6, ...ipv6), 0)!
    ]) {
      for (const family of [4, 6] as const) {
        // Memory that an earlier address was in.
        const memory = new Uint8Array(2 * socketAddressBytesMax).fill(0xff)
        const wrote = writeSocketAddress(memory, 8, family, peer)
        assert.strictEqual(wrote, family === 6 || typeof peer.key === "number")
        if (wrote) assert.strictEqual(readSocketAddress(memory, 8)?.key, peer.key)
        assert.isTrue(memory.subarray(8 + socketAddressBytes(family)).every((byte) => byte === 0xff))
      }
    }
  })

  it("is what Linux calls sockaddr_in", () => {
    const bytes = new Uint8Array(16).fill(0xff)
    writeSocketAddress(bytes, 0, 4, parsePeerAddress("192.0.2.1", 5684)!)
    assert.deepStrictEqual([...bytes], [2, 0, 0x16, 0x34, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it("is what Linux calls sockaddr_in6, without flow and scope", () => {
    const bytes = new Uint8Array(28).fill(0xff)
    writeSocketAddress(bytes, 0, 6, parsePeerAddress("2001:db8::1", 5684)!)
    const address = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert.deepStrictEqual([...bytes], [10, 0, 0x16, 0x34, 0, 0, 0, 0, ...address, 0, 0, 0, 0])
  })

  it("reads nothing of another family", () => {
    assert.isUndefined(readSocketAddress(new Uint8Array(28).fill(1), 0))
  })
})
