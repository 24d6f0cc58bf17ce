import { assert, describe, it } from "@effect/vitest"
import { classifyTopic, isServiceIdentifier, Topics } from "../src/index.ts"

const classify = (path: string) => classifyTopic(path.split("/"))
const keys = { productKey: "pk1", deviceKey: "dev1" }

describe("classifyTopic", () => {
  for (const [path, kind, method] of [
    ["thing/measurepoint/post", "measurepoint", "thing.measurepoint.post"],
    ["thing/measurepoint/post/batch", "measurepoint", "thing.measurepoint.post.batch"],
    ["thing/measurepoint/resume", "measurepoint", "thing.measurepoint.resume"],
    ["thing/measurepoint/resume/batch", "measurepoint", "thing.measurepoint.resume.batch"],
    ["thing/event/overheat/post", "event", "thing.event.overheat.post"],
    ["thing/attribute/update", "attribute", "thing.attribute.update"],
    ["thing/attribute/query", "attribute", "thing.attribute.query"],
    ["thing/attribute/delete", "attribute", "thing.attribute.delete"],
    ["thing/tag/update", "tag", "thing.tag.update"],
    ["thing/tag/query", "tag", "thing.tag.query"],
    ["thing/tag/delete", "tag", "thing.tag.delete"],
    ["thing/tsltemplate/get", "other", "thing.tsltemplate.get"],
    ["thing/log/post", "log", "thing.log.post"],
    ["ota/device/inform", "ota", "ota.device.inform"],
    ["ota/device/getversion", "ota", "ota.device.getversion"],
    ["ota/device/progress", "ota", "ota.device.progress"],
    ["network/status/report", "network", "network.status.report"],
    ["connection/state/post", "other", "connection.state.post"]
  ] as const) {
    it(`knows ${path} as an uplink (S112)`, () => {
      assert.deepStrictEqual(classify(`topic/sys/pk1/dev1/${path}`), {
        _tag: "Uplink",
        ...keys,
        kind,
        method,
        raw: false
      })
    })
  }

  it("knows raw bytes both ways (S119)", () => {
    assert.deepStrictEqual(classify("topic/sys/pk1/dev1/thing/model/up_raw"), {
      _tag: "Uplink",
      ...keys,
      kind: "raw",
      method: "",
      raw: true
    })
    assert.deepStrictEqual(classify("topic/sys/pk1/dev1/thing/model/down_raw"), { _tag: "Command", ...keys, raw: true })
  })

  for (const name of [
    "thing/service/measurepoint/set",
    "thing/service/measurepoint/get",
    "thing/service/reboot",
    "ota/device/upgrade"
  ]) {
    it(`knows ${name} and its reply (S114, S116)`, () => {
      assert.deepStrictEqual(classify(`topic/sys/pk1/dev1/${name}`), { _tag: "Command", ...keys, raw: false })
      assert.deepStrictEqual(classify(`topic/sys/pk1/dev1/${name}_reply`), {
        _tag: "CommandReply",
        ...keys,
        commandTopic: `/sys/pk1/dev1/${name}`,
        raw: false
      })
    })
  }

  it("knows activate/info (S117)", () => {
    const path = "topic/ext/session/pk1/dev1/thing/activate/info"
    assert.deepStrictEqual(classify(path), { _tag: "ActivateInfo", ...keys })
    assert.strictEqual(`topic${Topics.activateInfo("pk1", "dev1")}`, path)
  })

  for (const path of [
    "",
    "topic",
    ".well-known/core",
    "topic/sys",
    "topic/sys/pk1/dev1",
    "topic/sys/pk1/dev1/thing",
    "topic/sys/pk1/dev1/thing/service",
    "topic/sys/pk1/dev1/thing/service/",
    "topic/sys/pk1/dev1/thing/service/a.b",
    "topic/sys/pk1/dev1/thing/service/a/b",
    "topic/sys/pk1/dev1/thing/event//post",
    "topic/sys/pk1/dev1/thing/measurepoint/post/",
    "topic/sys/pk1/../thing/measurepoint/post",
    "topic/sys/pk 1/dev1/thing/measurepoint/post",
    "TOPIC/sys/pk1/dev1/thing/measurepoint/post",
    "topic/ext/session/pk1/dev1/thing/activate",
    "topic/ext/session/pk1/dev1/thing/activate/info/x"
  ]) {
    it(`finds nothing at "${path}" (C4)`, () => assert.deepStrictEqual(classify(path), { _tag: "Unknown" }))
  }

  it("does not split a segment on its slash (C4, C17)", () => {
    assert.deepStrictEqual(classifyTopic(["topic", "sys", "pk1", "dev1", "thing/measurepoint/post"]), {
      _tag: "Unknown"
    })
    assert.deepStrictEqual(classifyTopic(["topic", "sys", "pk1/dev1", "thing", "measurepoint", "post"]), {
      _tag: "Unknown"
    })
    assert.deepStrictEqual(classifyTopic(Array.from({ length: 255 }, () => "topic")), { _tag: "Unknown" })
  })

  it("names the device of the topic, not of the session (C17)", () => {
    const topic = classify("topic/sys/pk2/dev9/thing/measurepoint/post")
    assert.strictEqual(topic._tag === "Uplink" && topic.deviceKey, "dev9")
  })
})

describe("isServiceIdentifier", () => {
  it("keeps reply topics free", () => {
    assert.isTrue(isServiceIdentifier("reboot"))
    assert.isFalse(isServiceIdentifier("reboot_reply"))
    assert.isFalse(isServiceIdentifier("a/b"))
    assert.isFalse(isServiceIdentifier(""))
  })
})
