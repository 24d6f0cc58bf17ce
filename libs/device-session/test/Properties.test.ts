import { assert, describe, it } from "@effect/vitest"
import { Code } from "@roost/coap"
import { questionsBurstMax, questionsPerSecondMax } from "../src/requests/Properties.ts"
import { codeOf, own, requestOf } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const send = (device: SimulatedDevice, path: string, params: unknown) => {
  const method = path.replaceAll("/", ".")
  return device.request(
    requestOf(Code.Post, own(device, path), JSON.stringify({ id: "7", version: "1.0", method, params }))
  )
}
const bodyOf = (response: { payload: Uint8Array } | undefined) =>
  JSON.parse(Buffer.from(response!.payload).toString("utf8")) as unknown

describe("attributes and tags of a device (enos-protocol §3.1.6–3.1.11)", () => {
  it("thing.attribute.update is stored, then done by the registry, then answered (enos-protocol §3.1.6)", () => {
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

  it("queries are answered with what the registry has, and store nothing (enos-protocol §3.1.7, §3.1.10)", () => {
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

  it("deletions and tags reach the registry in its own words (enos-protocol §3.1.8, §3.1.9, §3.1.11)", () => {
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

  it("1207 tells the device that a value is too large, and the operator why (trust C2)", () => {
    const world = new World()
    world.properties = () => ({ _tag: "TooLarge", bytesMax: 16_384 })
    const device = world.device("dev1", 1000).connect()
    const response = send(device, "thing/attribute/update", { attributes: { a: 1 } })
    assert.strictEqual((bodyOf(response) as { code: number }).code, 1207)
    assert.match(world.events.at(-1)!.reason, /16384 bytes/)
  })

  it("have a rate per device, and what is over it is 4.29 and reaches neither stream nor registry (trust C2)", () => {
    const world = new World()
    world.properties = () => ({ _tag: "Done", values: {} })
    const device = world.device("dev1", 1000).connect()
    const other = world.device("dev2", 1001).connect()
    for (let i = 0; i < questionsBurstMax; i++) {
      assert.strictEqual(codeOf(send(device, "thing/tag/query", { tags: [] })), "2.04")
    }
    const [asked, stored] = [world.propertiesAsked.length, world.uplinks.length]
    assert.strictEqual(codeOf(send(device, "thing/tag/query", { tags: [] })), "4.29")
    assert.strictEqual(codeOf(send(device, "thing/attribute/update", { attributes: { a: 1 } })), "4.29")
    assert.deepStrictEqual([world.propertiesAsked.length, world.uplinks.length], [asked, stored])
    assert.strictEqual(codeOf(send(other, "thing/tag/query", { tags: [] })), "2.04")
    world.now += 1000 / questionsPerSecondMax
    assert.strictEqual(codeOf(send(device, "thing/tag/query", { tags: [] })), "2.04")
  })

  it("refuse names that no database holds (trust C3)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    for (const name of ["a\0", "\ud83d", "", "a".repeat(129)]) {
      for (const [path, params, code] of [
        ["thing/attribute/update", { attributes: { [name]: 1 } }, 1207],
        ["thing/attribute/query", { attributes: [name] }, 1208],
        ["thing/attribute/delete", { attributes: ["a", name] }, 1209],
        ["thing/tag/query", { tags: [name] }, 1200]
      ] as const) {
        assert.strictEqual((bodyOf(send(device, path, params)) as { code: number }).code, code, JSON.stringify(name))
      }
    }
    assert.deepStrictEqual([world.propertiesAsked, world.uplinks], [[], []])
  })
})

describe("a time that is far off", () => {
  it("is stored as it was written, and the operator hears how far it is off (trust E10)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const say = (time: string) =>
      codeOf(
        device.request(
          requestOf(
            Code.Post,
            own(device, "thing/measurepoint/post"),
            `{"id":1.0,"version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"a":1},"time":${time}}}`
          )
        )
      )
    assert.strictEqual(say("0"), "2.04")
    assert.strictEqual(Buffer.from(world.uplinks.at(-1)!.payload).toString("utf8").includes(`"time":0}`), true)
    const { kind, reason } = world.events.at(-1)!
    assert.strictEqual(kind, "time-odd")
    assert.match(reason, /time 0 is \d+ years behind its reception; likely cause: the device's clock is not set/)
    const told = world.events.length
    assert.strictEqual(say(`${world.now}.0`), "2.04")
    assert.strictEqual(world.events.length, told)
  })
})

describe("a part of an accepted message that nobody reads", () => {
  it("is told to the operator, of uplinks, changes and questions", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    for (const [path, method, params, what] of [
      ["thing/measurepoint/post", "thing.measurepoint.post", `{"measurepoints":{"a":1,"a":2}}`, `"a" comes twice`],
      ["thing/measurepoint/post", "thing.measurepoint.post", `{"measurepoints":{}},"time":1`, `"time" stands beside`],
      ["thing/attribute/update", "thing.attribute.update", `{"attributes":{"b":1,"b":2}}`, `"b" comes twice`],
      ["thing/attribute/query", "thing.attribute.query", `{"attributes":["a"],"atributes":[]}`, `"atributes" of params`]
    ] as const) {
      const text = `{"id":"1","version":"1.0","method":"${method}","params":${params}}`
      device.request(requestOf(Code.Post, own(device, path), text))
      const { kind, reason } = world.events.at(-1)!
      assert.strictEqual(kind, "message-odd")
      assert.include(reason, what)
    }
  })
})
