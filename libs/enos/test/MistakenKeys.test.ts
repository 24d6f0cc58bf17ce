import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { keyMistakes, mistakenKeys, pskFromSecret } from "../src/index.ts"

const secret = "ab12CD34ef56AB78"
const hash = createHash("sha256").update(secret).digest()
const keysOf = (text: string) =>
  Object.fromEntries(
    mistakenKeys(text, "of the product", "meter-1", "of last year").map(({ key, mistake }) => [
      mistake,
      Buffer.from(key).toString("hex")
    ])
  )

describe("keys that firmware uses by mistake", () => {
  it("are as their names say", () => {
    const keys = keysOf(secret)
    assert.strictEqual(keys["firstBytes"], hash.subarray(0, 16).toString("hex"))
    assert.strictEqual(keys["countedFromZero"], hash.subarray(9, 25).toString("hex"))
    assert.strictEqual(keys["wholeHash"], hash.toString("hex"))
    assert.strictEqual(Buffer.from(keys["hexOfHash"]!, "hex").toString(), hash.toString("hex").slice(8, 24))
    const right = Buffer.from(pskFromSecret(secret))
    const textOf = (mistake: string) => Buffer.from(keys[mistake]!, "hex").toString()
    assert.strictEqual(textOf("base64OfKey"), right.toString("base64"))
    assert.strictEqual(textOf("hexOfKeyInCapitals"), right.toString("hex").toUpperCase())
    assert.strictEqual(keys["backwards"], Buffer.from(right.toReversed()).toString("hex"))
    assert.strictEqual(keys["md5"], createHash("md5").update(secret).digest("hex"))
    const overHex = createHash("sha256").update(Buffer.from(secret, "hex")).digest()
    assert.strictEqual(keys["secretFromHex"], overHex.subarray(8, 24).toString("hex"))
    assert.strictEqual(keys["secretAsKey"], Buffer.from(secret).toString("hex"))
    assert.strictEqual(keys["otherSecret"], Buffer.from(pskFromSecret("of the product")).toString("hex"))
    assert.strictEqual(keys["formerSecret"], Buffer.from(pskFromSecret("of last year")).toString("hex"))
    assert.strictEqual(textOf("hexOfWholeHash"), hash.toString("hex"))
    assert.strictEqual(keys["emptySecret"], createHash("sha256").digest().subarray(8, 24).toString("hex"))
    assert.strictEqual(keys["zeros"], "0".repeat(32))
    assert.strictEqual(keys["keyInBuffer"], right.toString("hex") + "0".repeat(32))
    assert.strictEqual(keys["leadingHexMark"], Buffer.from(pskFromSecret(`0x${secret}`)).toString("hex"))
    const overHash = createHash("sha256").update(hash).digest()
    assert.strictEqual(keys["hashedTwice"], overHash.subarray(8, 24).toString("hex"))
    assert.strictEqual(textOf("base64OfHash"), hash.toString("base64"))
    assert.deepStrictEqual(Object.keys(keys).toSorted(), Object.keys(keyMistakes).toSorted())
  })

  it("end at a NUL in the right key, where it has one", () => {
    const withNul = Array.from({ length: 1000 }, (_, i) => `secret ${i}`).find((text) => pskFromSecret(text)[5] === 0)!
    const right = Buffer.from(pskFromSecret(withNul))
    assert.strictEqual(keysOf(withNul)["keyToNul"], right.subarray(0, right.indexOf(0)).toString("hex"))
  })

  it("are as many for every secret, and none of them is the right one", () => {
    const keys = keysOf("only-small.letters")
    assert.strictEqual(Buffer.from(keys["secretCut"]!, "hex").toString(), "only-small.lette")
    assert.deepStrictEqual(Object.keys(keys), Object.keys(keysOf(secret)))
    assert.strictEqual(new Set(Object.values(keys)).size, Object.keys(keyMistakes).length)
    const right = Buffer.from(pskFromSecret("only-small.letters")).toString("hex")
    assert.isFalse(Object.values(keys).includes(right))
  })
})
