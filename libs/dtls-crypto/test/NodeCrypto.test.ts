import { createHmac } from "node:crypto"
import { assert, describe, it } from "vitest"
import { dtlsCrypto } from "../src/DtlsCrypto.ts"
import { nodeCrypto } from "../src/NodeCrypto.ts"

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"))
const hex = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString("hex")

describe("AES-128-CCM_8", () => {
  const key = bytes("404142434445464748494a4b4c4d4e4f")
  const nonce = bytes("101112131415161718191a1b")

  it.each([0, 1, 15, 16, 17, 1024])("opens what it sealed, %i bytes", (length) => {
    const plaintext = nodeCrypto.randomBytes(length)
    const target = new Uint8Array(3 + length + 8)
    nodeCrypto.ccm8Seal(key, nonce, bytes("0001"), plaintext, target, 3)
    assert.strictEqual(hex(nodeCrypto.ccm8Open(key, nonce, bytes("0001"), target.subarray(3))), hex(plaintext))
  })

  it("releases nothing if any bit of tag, ciphertext or additional data differs, or the tag is cut off (F11)", () => {
    const sealed = new Uint8Array(24)
    nodeCrypto.ccm8Seal(key, nonce, bytes("0001"), new Uint8Array(16), sealed, 0)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = sealed.slice()
      forged[bit >> 3]! ^= 1 << (bit & 7)
      assert.isUndefined(nodeCrypto.ccm8Open(key, nonce, bytes("0001"), forged))
    }
    assert.isUndefined(nodeCrypto.ccm8Open(key, nonce, bytes("0002"), sealed))
    for (let length = 0; length < sealed.length; length++) {
      assert.isUndefined(nodeCrypto.ccm8Open(key, nonce, bytes("0001"), sealed.subarray(0, length)))
    }
    const empty = new Uint8Array(8)
    assert.isUndefined(nodeCrypto.ccm8Open(key, nonce, bytes("0001"), empty))
  })
})

it("HMAC-SHA256 agrees with RFC 4231 §4.3, in one part and in two", () => {
  const key = new TextEncoder().encode("Jefe")
  const data = new TextEncoder().encode("what do ya want for nothing?")
  const expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
  assert.strictEqual(hex(nodeCrypto.hmacSha256(key, data)), expected)
  assert.strictEqual(hex(nodeCrypto.hmacSha256(key, data.subarray(0, 5), data.subarray(5))), expected)
})

it("HMAC-SHA256 agrees with node:crypto's own for keys and data of all sizes around the block's", () => {
  for (const keyBytes of [0, 1, 32, 48, 63, 64, 65, 131]) {
    for (const bytes of [0, 1, 55, 56, 64, 86, 1200, 18_000, 40_000]) {
      const key = nodeCrypto.randomBytes(keyBytes)
      const data = nodeCrypto.randomBytes(bytes)
      const expected = createHmac("sha256", key).update(data).digest("hex")
      assert.strictEqual(hex(nodeCrypto.hmacSha256(key, data)), expected)
      assert.strictEqual(
        hex(nodeCrypto.hmacSha256(key, data.subarray(0, bytes >> 1), data.subarray(bytes >> 1))),
        expected
      )
    }
  }
})

it.each([
  ["node:crypto", nodeCrypto],
  ["node:ffi", dtlsCrypto]
])("PRF with SHA-256 gives the vector posted to the TLS working group's list (RFC 5246 §5), by %s", (_, crypto) => {
  const secret = bytes("9bbe436ba940f017b17652849a71db35")
  const seed = bytes("a0ba9f936cda311827a6f796ffd5198c")
  const label = new TextEncoder().encode("test label")
  const expected =
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af" +
    "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701" +
    "87347b66"
  assert.strictEqual(hex(crypto.prf(secret, label, seed, undefined, 100)), expected)
  assert.strictEqual(hex(crypto.prf(secret, label, seed.subarray(0, 7), seed.subarray(7), 100)), expected)
})

it("SHA-256 agrees with FIPS 180-2 appendix B.1, in one part and in two", () => {
  const data = new TextEncoder().encode("abc")
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  assert.strictEqual(hex(nodeCrypto.sha256(data)), expected)
  assert.strictEqual(hex(nodeCrypto.sha256(data.subarray(0, 1), data.subarray(1))), expected)
})

it("AES-128-CBC agrees with NIST SP 800-38A F.2.1 and adds no padding", () => {
  const key = bytes("2b7e151628aed2a6abf7158809cf4f3c")
  const iv = bytes("000102030405060708090a0b0c0d0e0f")
  const plaintext = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
  const target = new Uint8Array(33)
  nodeCrypto.cbcEncrypt(key, iv, plaintext, target, 1)
  assert.strictEqual(hex(target.subarray(1)), "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
  assert.strictEqual(hex(nodeCrypto.cbcDecrypt(key, iv, target.subarray(1))), hex(plaintext))
})

it("random bytes have the asked length and differ", () => {
  assert.lengthOf(nodeCrypto.randomBytes(32), 32)
  assert.notStrictEqual(hex(nodeCrypto.randomBytes(32)), hex(nodeCrypto.randomBytes(32)))
})
