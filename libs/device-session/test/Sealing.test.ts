import { type Aead, Sealing } from "@roost/contracts"
import { aes256Gcm } from "@roost/dtls-crypto"
import { createHash, randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"

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
    expect(aes256Gcm(key, aead)).toBe(aead)
    const used: Array<boolean> = []
    const sealing = new Sealing(key, "session", (derived, given) => {
      used.push(aes256Gcm(derived, given) !== given)
      return given
    })
    expect(sealing).toBeInstanceOf(Sealing)
    // The key of what was sealed before keys had days; others are made when they are needed.
    expect(used).toEqual([true])
  })

  it.each([0, 1, 15, 16, 17, 350, 1024, 8192, 8193, 100_000])("and by node:crypto alike, %i bytes", (length) => {
    for (const context of ["", "7.abcd", "é".repeat(90), "x".repeat(1000)]) {
      const plaintext = randomBytes(length)
      expect(hex(slow.open(context, fast.seal(context, plaintext)))).toBe(hex(plaintext))
      expect(hex(fast.open(context, slow.seal(context, plaintext)))).toBe(hex(plaintext))
      expect(fast.open(`${context}.`, slow.seal(context, plaintext))).toBeUndefined()
    }
  })

  it("notices every changed bit and every cut, and opens the good one after each of them", () => {
    const plaintext = randomBytes(20)
    const sealed = fast.seal("c", plaintext)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = new Uint8Array(sealed)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(fast.open("c", changed)).toBeUndefined()
      expect(hex(fast.open("c", sealed))).toBe(hex(plaintext))
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(fast.open("c", sealed.subarray(0, length))).toBeUndefined()
    }
    expect(createHash("sha256").update("abc").digest("hex").slice(0, 8)).toBe("ba7816bf")
  })

  it("under a nonce that never repeats, and keys of different purposes apart", () => {
    const other = new Sealing(key, "psk", aes256Gcm)
    const plaintext = randomBytes(40)
    const nonces = new Set<string>()
    for (let i = 0; i < 2000; i++) {
      const sealed = (i % 2 === 0 ? fast : other).seal("c", plaintext)
      nonces.add(hex(sealed.subarray(8, 20))!)
      expect(hex((i % 2 === 0 ? fast : other).open("c", sealed))).toBe(hex(plaintext))
      expect((i % 2 === 0 ? other : fast).open("c", sealed)).toBeUndefined()
    }
    expect(nonces.size).toBe(2000)
  })
})
