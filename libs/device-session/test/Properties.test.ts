import { assert, describe, it } from "@effect/vitest"
import { Code } from "@roost/coap"
import { codeOf, own, requestOf } from "./support/traces.ts"
import { type SimulatedDevice, World } from "./support/World.ts"

const send = (device: SimulatedDevice, path: string, params: unknown) => {
  const method = path.replaceAll("/", ".")
  return device.request(
    requestOf(Code.Post, own(device, path), JSON.stringify({ id: "7", version: "1.0", method, params }))
  )
}
const bodyOf = (response: { payload: Uint8Array } | undefined) =>
  JSON.parse(Buffer.from(response!.payload).toString("utf8")) as unknown

describe("attributes and tags of a device (enos-protocol §3.1, 6–11)", () => {
  it("6 thing.attribute.update is stored, then done by the registry, then answered", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const response = send(device, "thing/attribute/update", { attributes: { a: 1, b: { c: [2] } } })
    assert.deepStrictEqual(bodyOf(response), { id: "7", code: 200, data: {} })
    assert.strictEqual(world.uplinks.length, 1)
    assert.deepStrictEqual(world.propertiesAsked, [
      {
        productKey: "pk1",
        deviceKey: "dev1",
        kind: "attribute",
        at: world.now,
        ask: { _tag: "Update", values: { a: 1, b: { c: [2] } } }
      }
    ])
  })

  it("7, 10 queries are answered with what the registry has, and store nothing", () => {
    const world = new World()
    world.properties = ({ kind }) => ({ _tag: "Done", values: { of: kind } })
    const device = world.device("dev1", 1000).connect()
    assert.deepStrictEqual(bodyOf(send(device, "thing/attribute/query", { attributes: ["of"] })), {
      id: "7",
      code: 200,
      data: { of: "attribute" }
    })
    assert.deepStrictEqual(bodyOf(send(device, "thing/tag/query", { tags: [] })), {
      id: "7",
      code: 200,
      data: { of: "tag" }
    })
    assert.strictEqual(world.uplinks.length, 0)
    assert.deepStrictEqual(
      world.propertiesAsked.map(({ ask }) => ask),
      [
        { _tag: "Query", names: ["of"] },
        { _tag: "Query", names: [] }
      ]
    )
  })

  it("8, 9, 11 deletions and tags reach the registry in its own words", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    send(device, "thing/attribute/delete", { attributes: ["a"] })
    send(device, "thing/tag/update", [{ tagKey: "Temperature", tagValue: "36.8" }])
    send(device, "thing/tag/delete", { tags: ["x"] })
    assert.deepStrictEqual(
      world.propertiesAsked.map(({ ask, kind }) => [kind, ask]),
      [
        ["attribute", { _tag: "Delete", names: ["a"] }],
        ["tag", { _tag: "Update", values: { Temperature: "36.8" } }],
        ["tag", { _tag: "Delete", names: ["x"] }]
      ]
    )
  })

  it("1207 tells the device that it has too many, and the operator why", () => {
    const world = new World()
    world.properties = () => ({ _tag: "TooMany", max: 500 })
    const device = world.device("dev1", 1000).connect()
    const response = send(device, "thing/attribute/update", { attributes: { a: 1 } })
    assert.strictEqual((bodyOf(response) as { code: number }).code, 1207)
    assert.strictEqual(world.events.at(-1)?.kind, "uplink-refused")
  })

  it("is 5.00 while the registry does not answer: the device sends it again, and the stream has it once", () => {
    const world = new World()
    world.properties = () => ({ _tag: "Unavailable", reason: "no registry" })
    const device = world.device("dev1", 1000).connect()
    assert.strictEqual(codeOf(send(device, "thing/attribute/update", { attributes: { a: 1 } })), "5.00")
    assert.strictEqual(world.events.at(-1)?.kind, "registry-unavailable")
    world.properties = () => ({ _tag: "Done", values: {} })
    assert.strictEqual(codeOf(send(device, "thing/attribute/update", { attributes: { a: 1 } })), "2.04")
  })

  it("is 4.01 for a device that was deleted meanwhile", () => {
    const world = new World()
    world.properties = () => ({ _tag: "UnknownDevice" })
    const device = world.device("dev1", 1000).connect()
    assert.strictEqual(codeOf(send(device, "thing/tag/query", { tags: [] })), "4.01")
  })
})
