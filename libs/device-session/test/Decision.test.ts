import { Code, formatCode, type Request } from "@roost/coap"
import { assert, describe, it } from "@effect/vitest"
import { decide, nameTopic } from "../src/requests/Decision.ts"
import { ProductProfiles } from "../src/state/ProductProfiles.ts"
import type { SessionRights } from "../src/state/SessionRights.ts"

const deviceSecret: SessionRights = { productKey: "pk1", deviceKey: "dev1", secureMode: 2, revoked: false }
const productSecret: SessionRights = { ...deviceSecret, secureMode: 3 }

const own = "topic/sys/pk1/dev1/"
const post = `${own}thing/measurepoint/post`
const activate = "topic/ext/session/pk1/dev1/thing/activate/info"
const body = (method = "thing.measurepoint.post") =>
  `{"id":"7","version":"1.0","method":"${method}","params":{"measurepoints":{"t":1}}}`

const request = (code: number, path: string, payload = "", fields: Partial<Request> = {}): Request => ({
  code,
  confirmable: true,
  messageId: 1,
  token: new Uint8Array(0),
  path: path.split("/"),
  query: [],
  contentFormat: undefined,
  accept: undefined,
  payload: new TextEncoder().encode(payload),
  ...fields
})

const refusal = (rights: SessionRights, asked: Request) => {
  const decision = decide(rights, asked)
  return decision._tag === "Refuse" ? formatCode(decision.code) : decision._tag
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe("decide", () => {
  it("stores a post and answers with its id (S112)", () => {
    const decision = decide(deviceSecret, request(Code.Post, post, body()))
    assert.strictEqual(decision._tag, "StoreUplink")
    if (decision._tag !== "StoreUplink") return
    assert.strictEqual(decision.topic, "/sys/pk1/dev1/thing/measurepoint/post")
    assert.strictEqual(decision.method, "thing.measurepoint.post")
    assert.strictEqual(text(decision.reply), `{"id":"7","code":200,"data":{}}`)
  })

  describe("of a product with a thing model", () => {
    const profiles = new ProductProfiles()
    profiles.put({ _tag: "Product", productKey: "pk1", modelId: "m" })
    profiles.put({
      _tag: "Model",
      version: 1,
      model: {
        modelId: "m",
        attributes: { serial: { isRequired: true, data: { dataType: "STRING", maxLength: 4 } } },
        measurepoints: { t: { data: { dataType: "INT" } } },
        services: {},
        events: { overheat: { eventType: "WARN", outputData: {} } }
      }
    })
    const decided = (path: string, method: string, params: unknown) => {
      const payload = JSON.stringify({ id: "7", version: "1.0", method, params })
      const asked = request(Code.Post, own + path, payload)
      return decide(deviceSecret, asked, nameTopic(asked.path), profiles.modelOf("pk1"))
    }

    for (const [field, path, method, params] of [
      ["measurepoints.t", "thing/measurepoint/post", "thing.measurepoint.post", { measurepoints: { t: "warm" } }],
      ["measurepoints.u", "thing/measurepoint/resume", "thing.measurepoint.resume", { measurepoints: { u: 1 } }],
      [
        "[1].measurepoints.u",
        "thing/measurepoint/post/batch",
        "thing.measurepoint.post.batch",
        [{ measurepoints: { t: 1 } }, { measurepoints: { u: 1 } }]
      ],
      ["events.fire", "thing/event/fire/post", "thing.event.fire.post", { events: {} }],
      ["attributes.serial", "thing/attribute/update", "thing.attribute.update", { attributes: { serial: "12345" } }],
      ["attributes.serial", "thing/attribute/delete", "thing.attribute.delete", { attributes: ["serial"] }]
    ] as const) {
      it(`1204 refuses ${method} that the model does not allow, and names ${field}`, () => {
        const decision = decided(path, method, params)
        assert.strictEqual(decision._tag, "RefuseByReply")
        if (decision._tag !== "RefuseByReply") return
        const reply = JSON.parse(text(decision.reply))
        assert.strictEqual(reply.id, "7")
        assert.strictEqual(reply.code, 1204)
        assert.include(reply.message, field)
        assert.include(decision.reason, `1204: `)
        assert.include(decision.reason, field)
      })
    }

    it("stores what the model allows (S112)", () => {
      const params = { measurepoints: { t: 21 } }
      assert.strictEqual(decided("thing/measurepoint/post", "thing.measurepoint.post", params)._tag, "StoreUplink")
    })

    it("tsltemplate/get answers with the model's four maps", () => {
      const decision = decided("thing/tsltemplate/get", "thing.tsltemplate.get", {})
      if (decision._tag !== "StoreUplink") return assert.fail(decision._tag)
      assert.deepStrictEqual(JSON.parse(text(decision.reply)), {
        id: "7",
        code: 200,
        data: {
          tslAttributeMap: {
            serial: { identifier: "serial", isRequired: true, data: { dataType: "STRING", maxLength: 4 } }
          },
          tslMeasurepointMap: { t: { identifier: "t", data: { dataType: "INT" } } },
          tslEventMap: { overheat: { identifier: "overheat", eventType: "WARN", outputData: {} } },
          tslServiceMap: {}
        }
      })
    })
  })

  it("stores raw bytes as they are and answers with none (S119)", () => {
    const decision = decide(deviceSecret, request(Code.Post, `${own}thing/model/up_raw`, "\u0001\u0002"))
    assert.strictEqual(decision._tag === "StoreUplink" && decision.reply.length, 0)
    assert.strictEqual(refusal(deviceSecret, request(Code.Post, `${own}thing/model/up_raw`)), "4.00")
  })

  it("answers 4.00 to bad JSON, an empty payload and a wrong envelope (C19)", () => {
    for (const payload of ["", "{", "[]", `{"method":"thing.measurepoint.post"}`]) {
      assert.strictEqual(refusal(deviceSecret, request(Code.Post, post, payload)), "4.00", payload)
    }
  })

  for (const [code, path, method, params] of [
    [1206, "thing/measurepoint/post", "thing.measurepoint.post", {}],
    [1206, "thing/measurepoint/resume", "thing.measurepoint.resume", { measurepoints: [] }],
    [
      1212,
      "thing/measurepoint/post/batch",
      "thing.measurepoint.post.batch",
      [{ deviceKey: "dev2", measurepoints: {} }]
    ],
    [1206, "thing/measurepoint/resume/batch", "thing.measurepoint.resume.batch", {}],
    [1200, "thing/event/overheat/post", "thing.event.overheat.post", {}],
    [1207, "thing/attribute/update", "thing.attribute.update", {}],
    [1208, "thing/attribute/query", "thing.attribute.query", {}],
    [1209, "thing/attribute/delete", "thing.attribute.delete", {}],
    [1200, "thing/tag/update", "thing.tag.update", [{ tagKey: "1st", tagValue: "a" }]]
  ] as const) {
    it(`answers 2.04 with code ${code} to ${method} of ${JSON.stringify(params)} (enos-protocol §4)`, () => {
      const payload = JSON.stringify({ id: "7", version: "1.0", method, params })
      const decision = decide(deviceSecret, request(Code.Post, own + path, payload))
      assert.strictEqual(decision._tag, "RefuseByReply")
      if (decision._tag !== "RefuseByReply") return
      assert.include(text(decision.reply), `"id":"7","code":${code}`)
      assert.match(decision.reason, new RegExp(`^${code}: .*: expected .*, got `))
    })
  }

  it("answers 2.04 with code 1260 when method and topic disagree", () => {
    const decision = decide(deviceSecret, request(Code.Post, post, body("thing.event.x.post")))
    assert.strictEqual(decision._tag, "RefuseByReply")
    if (decision._tag === "RefuseByReply") {
      assert.include(text(decision.reply), `"id":"7","code":1260`)
      assert.match(
        decision.reason,
        /^1260: .*"thing\.event\.x\.post": expected thing\.measurepoint\.post.*\/thing\/event\/x\/post/
      )
    }
  })

  it("answers 4.03 for another device or product, whatever the method of the topic (C17)", () => {
    for (const path of [
      "topic/sys/pk1/dev2/thing/measurepoint/post",
      "topic/sys/pk2/dev1/thing/measurepoint/post",
      "topic/sys/PK1/dev1/thing/measurepoint/post",
      "topic/ext/session/pk1/dev2/thing/activate/info"
    ]) {
      assert.strictEqual(refusal(deviceSecret, request(Code.Post, path, body())), "4.03", path)
    }
  })

  it("answers 4.04 for unknown paths and 4.05 for other methods (C19)", () => {
    for (const path of [".well-known/core", "", "topic", `${own}thing/nothing`]) {
      assert.strictEqual(refusal(deviceSecret, request(Code.Get, path)), "4.04", path)
    }
    for (const code of [Code.Put, Code.Delete, Code.Fetch, Code.Patch, 0x09]) {
      assert.strictEqual(refusal(deviceSecret, request(code, post)), "4.05")
    }
    assert.strictEqual(refusal(deviceSecret, request(Code.Get, post)), "4.05")
    assert.strictEqual(refusal(deviceSecret, request(Code.Post, `${own}thing/service/reboot`, body())), "4.05")
    assert.strictEqual(refusal(deviceSecret, request(Code.Get, `${own}thing/service/reboot_reply`)), "4.05")
    assert.strictEqual(refusal(productSecret, request(Code.Post, activate)), "4.05")
  })

  it("lets a product-secret session fetch its own secret and nothing else (C18)", () => {
    assert.strictEqual(refusal(productSecret, request(Code.Get, activate)), "FetchSecret")
    assert.strictEqual(refusal(productSecret, request(Code.Post, post, body())), "4.01")
    assert.strictEqual(refusal(productSecret, request(Code.Get, `${own}thing/service/reboot`)), "4.01")
    assert.strictEqual(refusal(deviceSecret, request(Code.Get, activate)), "4.01")
  })

  it("answers 4.01 to everything once the credential changed (R10)", () => {
    const revoked = { ...deviceSecret, revoked: true }
    for (const asked of [
      request(Code.Post, post, body()),
      request(Code.Get, ".well-known/core"),
      request(Code.Put, post)
    ]) {
      assert.strictEqual(refusal(revoked, asked), "4.01")
    }
  })

  it("fetches a command by its topic (S114)", () => {
    assert.deepStrictEqual(decide(deviceSecret, request(Code.Get, `${own}thing/service/measurepoint/set`)), {
      _tag: "FetchCommand",
      topic: "/sys/pk1/dev1/thing/service/measurepoint/set"
    })
  })

  it("reads a reply, success by 200 and by 0 (S116)", () => {
    const path = `${own}thing/service/reboot_reply`
    for (const [code, expected] of [
      [200, 200],
      [0, 200],
      [2001, 2001]
    ] as const) {
      const decision = decide(deviceSecret, request(Code.Post, path, `{"id":"c1","code":${code}}`))
      assert.strictEqual(decision._tag === "CommandReply" && decision.code, expected)
      assert.strictEqual(
        decision._tag === "CommandReply" && decision.commandTopic,
        "/sys/pk1/dev1/thing/service/reboot"
      )
    }
    assert.strictEqual(refusal(deviceSecret, request(Code.Post, path, "no")), "4.00")
  })

  it("takes JSON, octets, text or no Content-Format, and no other (S82)", () => {
    for (const contentFormat of [undefined, 0, 42, 50]) {
      assert.strictEqual(refusal(deviceSecret, request(Code.Post, post, body(), { contentFormat })), "StoreUplink")
    }
    assert.strictEqual(refusal(deviceSecret, request(Code.Post, post, body(), { contentFormat: 60 })), "4.15")
    assert.strictEqual(refusal(deviceSecret, request(Code.Post, post, body(), { accept: 60 })), "4.06")
  })
})

describe("a path", () => {
  const reason = (path: ReadonlyArray<string>) => {
    const decision = decide(deviceSecret, request(Code.Post, post, body(), { path }))
    return decision._tag === "Refuse"
      ? `${formatCode(decision.code)} ${decision.reason}${decision.hint?.() ?? ""}`
      : decision._tag
  }
  const segments = post.split("/").slice(1)

  it("may have one empty segment after topic, for every kind of topic (trust E11)", () => {
    assert.strictEqual(reason(["topic", "", ...segments]), "StoreUplink")
    const stored = decide(deviceSecret, request(Code.Post, post, body(), { path: ["topic", "", ...segments] }))
    assert.strictEqual(stored._tag === "StoreUplink" && stored.topic, "/sys/pk1/dev1/thing/measurepoint/post")
    const command = nameTopic(["topic", "", "sys", "pk1", "dev1", "thing", "service", "reset"])
    assert.deepStrictEqual([command.topic._tag, command.text], ["Command", "/sys/pk1/dev1/thing/service/reset"])
    assert.strictEqual(nameTopic(["topic", "", ...activate.split("/").slice(1)]).topic._tag, "ActivateInfo")
  })

  for (const [path, shown, hint] of [
    [
      ["topic", "", "", ...segments],
      "/topic///sys/pk1/dev1/thing/measurepoint/post",
      /a slash too many.* The nearest topic is \/topic\/sys\/pk1\/dev1\/thing\/measurepoint\/post$/
    ],
    [
      ["topic", ...segments, ""],
      "/topic/sys/pk1/dev1/thing/measurepoint/post/",
      /a slash at the end.* The nearest topic is/
    ],
    [["topic", "sys", "", "dev1", "thing"], "/topic/sys//dev1/thing", /a slash too many/],
    [["", "topic", ...segments], "//topic/sys/pk1/dev1/thing/measurepoint/post", /no such topic/],
    [[post], "/topic%2Fsys%2Fpk1%2Fdev1%2Fthing%2Fmeasurepoint%2Fpost", /Uri-Path option of its own/],
    [["topic", "/sys/pk1/dev1/thing/measurepoint/post"], "/topic/%2Fsys%2Fpk1", /Uri-Path option of its own/],
    [
      ["topic", "sys", "pk1", "a:b", "温度\u001b[31m"],
      "/topic/sys/pk1/a:b/%E6%B8%A9%E5%BA%A6%1B%5B31m",
      /no such topic/
    ],
    [[], "/", /no such topic/],
    [Array.from({ length: 255 }, () => "x".repeat(200)), "/xxx", /…/]
  ] as const) {
    it(`${shown} is 4.04, and the operator sees it as it came (trust E11)`, () => {
      const told = reason(path)
      assert.match(told, /^4\.04 no such topic: /)
      assert.include(told, shown)
      assert.match(told, hint)
      assert.isBelow(told.length, 800)
    })
  }
})
