import { type Aead, Sealing } from "@roost/contracts"
import { aes256Gcm } from "@roost/dtls-crypto"
import { createHash, randomBytes } from "node:crypto"
import { assert, describe, it } from "vitest"

const key = new Uint8Array(32).fill(7)
const slow = new Sealing(key, "session")
const fast = new Sealing(key, "session", aes256Gcm)
const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("hex")

describe("sessions are sealed by OpenSSL called directly", () => {
  it("on the Node that the project pins", () => {
    const aead: Aead = {
      seal: (context, bytes) => slow.seal(context, bytes),
      open: (context, bytes) => slow.open(context, bytes)
    }
    // Of another key: nothing agrees with it.
    assert.strictEqual(aes256Gcm(key, aead), aead)
    const used: Array<boolean> = []
    const sealing = new Sealing(key, "session", (derived, given) => {
      used.push(aes256Gcm(derived, given) !== given)
      return given
    })
    assert.instanceOf(sealing, Sealing)
    // The key of what was sealed before keys had days; others are made when they are needed.
    assert.deepStrictEqual(used, [true])
  })

  it.each([0, 1, 15, 16, 17, 350, 1024, 8192, 8193, 100_000])("and by node:crypto alike, %i bytes", (length) => {
    for (const context of ["", "7.abcd", "é".repeat(90), "x".repeat(1000)]) {
      const plaintext = randomBytes(length)
      assert.strictEqual(hex(slow.open(context, fast.seal(context, plaintext))), hex(plaintext))
      assert.strictEqual(hex(fast.open(context, slow.seal(context, plaintext))), hex(plaintext))
      assert.isUndefined(fast.open(`${context}.`, slow.seal(context, plaintext)))
    }
  })

  it("notices every changed bit and every cut, and opens the good one after each of them", () => {
    const plaintext = randomBytes(20)
    const sealed = fast.seal("c", plaintext)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = new Uint8Array(sealed)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      assert.isUndefined(fast.open("c", changed))
      assert.strictEqual(hex(fast.open("c", sealed)), hex(plaintext))
    }
    for (let length = 0; length < sealed.length; length++) {
      assert.isUndefined(fast.open("c", sealed.subarray(0, length)))
    }
    assert.strictEqual(createHash("sha256").update("abc").digest("hex").slice(0, 8), "ba7816bf")
  })

  it("under a nonce that never repeats, and keys of different purposes apart", () => {
    const other = new Sealing(key, "psk", aes256Gcm)
    const plaintext = randomBytes(40)
    const nonces = new Set<string>()
    for (let i = 0; i < 2000; i++) {
      const sealed = (i % 2 === 0 ? fast : other).seal("c", plaintext)
      nonces.add(hex(sealed.subarray(8, 20))!)
      assert.strictEqual(hex((i % 2 === 0 ? fast : other).open("c", sealed)), hex(plaintext))
      assert.isUndefined((i % 2 === 0 ? other : fast).open("c", sealed))
    }
    assert.strictEqual(nonces.size, 2000)
  })
})
