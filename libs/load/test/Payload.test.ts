import { assert, describe, it } from "vitest"
import { idText, Payload } from "../src/Payload.ts"

const values = () => ({ productKey: "pk", deviceKey: "dëvice-7", number: 7, lifetimeSeconds: 300 })
const written = (template: string, bytes: number, id: number): string => {
  const target = Buffer.alloc(4_096)
  const end = new Payload(template, bytes).writeInto(target, 3, id, values)
  return target.toString("utf8", 3, end)
}

describe("Payload", () => {
  it("is as long as it is to be, and JSON", () => {
    for (const bytes of [100, 150, 1_000]) {
      const text = written('{"id":"{id}","params":{"text":"{pad}"}}', bytes, 42)
      assert.strictEqual(Buffer.byteLength(text), bytes)
      assert.strictEqual(JSON.parse(text).id, idText(42))
    }
  })

  it("is not cut where the template alone is longer", () => {
    assert.strictEqual(written('{"id":"{id}"}', 3, 5), '{"id":"0000000005"}')
  })

  it("puts the id wherever it is asked for, behind characters of several bytes too", () => {
    assert.strictEqual(written("é{id}é{id}", 0, 2_147_483_647), "é2147483647é2147483647")
  })

  it("names the device", () => {
    const payload = new Payload("{product}/{device}/%03d {id}", 0)
    assert.isFalse(payload.isShared)
    assert.strictEqual(written("{product}/{device}/%03d {id}", 0, 1), "pk/dëvice-7/007 0000000001")
  })
})
