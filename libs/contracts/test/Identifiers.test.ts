import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { createHash } from "node:crypto"
import {
  base32Number,
  decodeToken,
  DeviceCursorText,
  encodeBase32,
  encodeToken,
  formatDeviceCursor,
  parseBase32,
  parseKey,
  partitionCount,
  partitionOf,
  partitionOfHash,
  partitionOfName,
  placeOf,
  Sealing,
  sessionKey,
  Subjects
} from "../src/index.ts"

describe("partitionOfName", () => {
  it("is the partition of placeOf, from the bytes of both keys", () => {
    for (let i = 0; i < 100; i++) {
      const name = new TextEncoder().encode(`pk1,dev${i}`)
      assert.strictEqual(partitionOfName(name), placeOf("pk1", `dev${i}`).partition)
      // Another device's digest is kept in between.
      assert.strictEqual(partitionOf("pk1", `dev${i}`), partitionOfName(name))
    }
  })

  it("takes bytes that are no text", () => {
    assert.isBelow(partitionOfName(Uint8Array.of(0xff, 0xfe)), partitionCount)
  })
})

describe("placeOf", () => {
  it("takes the first five bytes of SHA-256 of `pk1,dev1`: 09707a6492 by sha256sum", () => {
    const place = placeOf("pk1", "dev1")
    assert.strictEqual(parseBase32(place.hash), 0x09_70_7a_64_92)
    assert.strictEqual(place.partition, 0x6492 % 512)
    assert.strictEqual(partitionOfHash(place.hash), place.partition)
  })

  it("spreads ten thousand devices over all partitions", () => {
    const load = new Uint32Array(partitionCount)
    for (let i = 0; i < 10_000; i++) load[placeOf("pk1", `dev${i}`).partition]! += 1
    assert.isAbove(Math.min(...load), 0)
    assert.isBelow(Math.max(...load), 60)
  })

  it("refuses hashes of another length or alphabet", () => {
    assert.isUndefined(partitionOfHash("0000000"))
    assert.isUndefined(partitionOfHash("0000000u"))
    assert.strictEqual(partitionOfHash("0000000z"), 31)
  })
})

describe("sessionKey", () => {
  it("begins with the device's partition and its hash", () => {
    const { hash, partition } = placeOf("pk1", "dev1")
    assert.match(sessionKey("pk1", "dev1"), new RegExp(`^${partition}\\.${hash}[0-9a-z]{8}$`))
    assert.notStrictEqual(sessionKey("pk1", "dev1"), sessionKey("pk1", "dev2"))
  })
})

describe("Base32", () => {
  it("writes five bytes as eight characters that sort like the bytes", () => {
    assert.strictEqual(encodeBase32(Uint8Array.of(0, 0, 0, 0, 0)), "00000000")
    assert.strictEqual(encodeBase32(Uint8Array.of(255, 255, 255, 255, 255)), "zzzzzzzz")
    assert.strictEqual(parseBase32(encodeBase32(Uint8Array.of(1, 2, 3, 4, 5))), 0x01_02_03_04_05)
    assert.strictEqual(base32Number(33, 4), "0011")
  })
})

describe("SubjectToken", () => {
  it("lets no wildcard, separator, space or line break into a subject (F22)", () => {
    for (const text of ["a.b", "*", ">", "a b", "a\r\nb", "=", "", "é", "..", "a=2E", "\u0000"]) {
      const token = encodeToken(text)
      assert.match(token, /^[A-Za-z0-9_=-]+$/)
      assert.strictEqual(decodeToken(token), text)
    }
    assert.strictEqual(Subjects.uplink("pk", "a.*.>", "raw"), "roost.uplink.pk.a=2E=2A=2E=3E.raw")
  })

  it("leaves ordinary keys readable", () => {
    assert.strictEqual(encodeToken("Abc_9-z"), "Abc_9-z")
  })

  it("refuses tokens that it would not have written", () => {
    for (const token of ["", "=2", "=zz", "a.b", "=41", "=FF", "=e9"]) assert.isUndefined(decodeToken(token), token)
  })
})

it("places of devices do not depend on which was asked for before", () => {
  const devices = [
    ["pk", "dk"],
    ["pk", "dk2"],
    ["pk2", "dk"],
    ["p", "kdk"]
  ] as const
  const expected = devices.map(([pk, dk]) => {
    const digest = createHash("sha256").update(`${pk},${dk}`).digest()
    return digest.readUInt16BE(3) % partitionCount
  })
  for (let i = 0; i < 40; i++) {
    const at = (i * 7) % devices.length
    const [pk, dk] = devices[at]!
    assert.strictEqual(partitionOf(pk, dk), expected[at])
    assert.strictEqual(sessionKey(pk, dk).split(".")[0], String(expected[at]))
    assert.strictEqual(placeOf(pk, dk).partition, expected[at])
    assert.strictEqual(partitionOfHash(placeOf(pk, dk).hash), expected[at])
  }
})

describe("Sealing", () => {
  const key = parseKey("11".repeat(32))!
  const secret = new TextEncoder().encode("0123456789abcdef")

  it("opens what it sealed, for the same context, purpose and key only", () => {
    const sealing = new Sealing(key, "psk")
    const sealed = sealing.seal("pk,dk", secret)
    assert.deepStrictEqual([...sealing.open("pk,dk", sealed)!], [...secret])
    assert.isUndefined(sealing.open("pk,other", sealed))
    assert.isUndefined(new Sealing(key, "rest").open("pk,dk", sealed))
    assert.isUndefined(new Sealing(parseKey("22".repeat(32))!, "psk").open("pk,dk", sealed))
  })

  it("notices every changed byte and every cut", () => {
    const sealing = new Sealing(key, "psk")
    const sealed = sealing.seal("c", secret)
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice()
      changed[i]! ^= 1
      assert.isUndefined(sealing.open("c", changed))
      assert.isUndefined(sealing.open("c", sealed.subarray(0, i)))
    }
  })

  it("takes only 64 hexadecimal digits as a key", () => {
    assert.isUndefined(parseKey("11".repeat(31)))
    assert.isUndefined(parseKey("zz".repeat(32)))
  })
})

describe("where a page of a search ended", () => {
  const isCursor = Schema.is(DeviceCursorText)

  it("is taken back, and no text with keys that no database holds (trust F14)", () => {
    for (const deviceKey of ["d", "a.b", "é"]) {
      assert.isTrue(isCursor(formatDeviceCursor({ productKey: "pk", deviceKey, lastSeenAt: 7, found: 1 })))
    }
    for (const wrong of ["7.1.=00.d", "7.1.pk.a=00b", ".1.pk.=00", "7.1.pk", ""]) assert.isFalse(isCursor(wrong), wrong)
  })
})
