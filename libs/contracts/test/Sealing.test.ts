import { assert, describe, it } from "vitest"
import { Sealing, sealingKeys } from "../src/index.ts"

const a = new Uint8Array(32).fill(1)
const b = new Uint8Array(32).fill(2)
const plain = new Uint8Array(40).fill(3)
const day = 86_400_000

/** As it was before keys had ids: nonce 12 | ciphertext | tag 16. */
const sealedBefore = Uint8Array.fromHex(
  "09090909090909090909090927f48586ac1a6425996d0c787915439e813e5759c27f9567e1508b827a2745b4f9b89235527c01b038c66560fbfb9f488258efa02a8dff96"
)

describe("sealed", () => {
  it("under a previous key opens, is known as old, and does not open without it (trust D2)", () => {
    const old = new Sealing(a, "psk").seal("c", plain)
    const both = new Sealing(sealingKeys(b, a), "psk")
    assert.deepStrictEqual(both.open("c", old), Buffer.from(plain))
    assert.isTrue(both.isOld(old))
    const renewed = both.seal("c", plain)
    assert.isFalse(both.isOld(renewed))
    assert.deepStrictEqual(new Sealing(b, "psk").open("c", renewed), Buffer.from(plain))
    assert.isUndefined(new Sealing(b, "psk").open("c", old))
    // While keys are exchanged, one app has the new key as its other one already.
    assert.deepStrictEqual(new Sealing(sealingKeys(a, b), "psk").open("c", renewed), Buffer.from(plain))
  })

  it("has a key of its own for each day and lane, far below 2^32 messages (trust D2)", () => {
    const used = new Set<string>()
    for (let process = 0; process < 40; process++) {
      for (const at of [0, day - 1, day, 365 * day]) {
        const sealing = new Sealing(
          a,
          "psk",
          (key, aead) => (used.add(Buffer.from(key).toString("hex")), aead),
          () => at
        )
        const sealed = sealing.seal("c", plain)
        assert.deepStrictEqual(new Sealing(a, "psk").open("c", sealed), Buffer.from(plain))
        assert.isUndefined(new Sealing(a, "secret").open("c", sealed))
        const moved = new Uint8Array(sealed)
        moved[6]! ^= 1
        assert.isUndefined(new Sealing(a, "psk").open("c", moved))
      }
    }
    // Three days, and of 256 lanes those of 160 processes; and the one of what was sealed before.
    assert.isAbove(used.size, 60)
  })

  it("before keys had ids still opens, and is old (trust D2)", () => {
    const sealing = new Sealing(a, "psk")
    assert.deepStrictEqual(sealing.open("c", sealedBefore), Buffer.from(plain))
    assert.isTrue(sealing.isOld(sealedBefore))
  })
})
