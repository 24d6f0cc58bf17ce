import { assert, describe, it } from "vitest"
import { billOfMaterials, debianComponents } from "../src/billOfMaterials.ts"

describe("a bill of materials", () => {
  it("has npm's packages without what only developers need, Node, and Debian's packages", async () => {
    const libssl = debianComponents("libssl3\t3.0.17-1~deb12u2\tamd64\n")
    assert.deepStrictEqual(
      libssl.map(({ purl }) => purl),
      ["pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64"]
    )
    const bill = JSON.parse(await billOfMaterials("1.2.3", libssl)) as {
      readonly bomFormat: string
      readonly components: ReadonlyArray<{ readonly name: string }>
    }
    assert.strictEqual(bill.bomFormat, "CycloneDX")
    const names = bill.components.map(({ name }) => name)
    assert.includeMembers(names, ["effect", "@nats-io/transport-node", "node", "libssl3"])
    assert.notInclude(names, "vitest")
  })
})
