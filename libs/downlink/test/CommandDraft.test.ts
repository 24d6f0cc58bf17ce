import { assert, describe, it } from "@effect/vitest"
import { encodeCommand } from "../src/index.ts"

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe("a command's bytes (enos-protocol §3.2)", () => {
  it("measurepoint set, also for a point with a name of JavaScript's own (enos-protocol §3.2.1)", () => {
    const set = encodeCommand("id1", "pk", "dk", { kind: "measurepointSet", measurepoint: "temperature", value: 30.5 })
    assert.strictEqual(set.topic, "/sys/pk/dk/thing/service/measurepoint/set")
    assert.strictEqual(
      text(set.payload),
      `{"id":"id1","version":"1.0","method":"thing.service.measurepoint.set","params":{"temperature":30.5}}`
    )
    const odd = encodeCommand("id1", "pk", "dk", { kind: "measurepointSet", measurepoint: "__proto__", value: 1 })
    assert.include(text(odd.payload), `"params":{"__proto__":1}`)
  })

  it("measurepoint get (enos-protocol §3.2.2)", () => {
    const get = encodeCommand("id2", "pk", "dk", { kind: "measurepointGet", measurepoints: ["power", "temp"] })
    assert.strictEqual(get.topic, "/sys/pk/dk/thing/service/measurepoint/get")
    assert.strictEqual(
      text(get.payload),
      `{"id":"id2","version":"1.0","method":"thing.service.measurepoint.get","params":["power","temp"]}`
    )
  })

  it("service (enos-protocol §3.2.3)", () => {
    const call = encodeCommand("id3", "pk", "dk", { kind: "service", service: "reboot", inputData: { Power: "on" } })
    assert.deepStrictEqual([call.topic, call.identifier], ["/sys/pk/dk/thing/service/reboot", "reboot"])
    assert.strictEqual(
      text(call.payload),
      `{"id":"id3","version":"1.0","method":"thing.service.reboot","params":{"Power":"on"}}`
    )
  })

  it("an upgrade of the firmware (enos-protocol §3.2.5)", () => {
    const firmware = {
      version: "1.2.0",
      fileUrl: "https://files.example/meter-1.2.0.bin",
      fileSize: 4096,
      sign: "93230c3bde425a9d7984a594ac55ea1e",
      signMethod: "md5"
    }
    const encoded = encodeCommand("id5", "pk", "dk", { kind: "otaUpgrade", firmware })
    assert.strictEqual(encoded.topic, "/sys/pk/dk/ota/device/upgrade")
    assert.strictEqual(encoded.identifier, "1.2.0")
    assert.deepStrictEqual(JSON.parse(new TextDecoder().decode(encoded.payload)), {
      id: "id5",
      version: "1.0",
      method: "ota.device.upgrade",
      params: firmware
    })
  })

  it("raw bytes as they are (enos-protocol §3.2.4)", () => {
    const raw = encodeCommand("id4", "pk", "dk", { kind: "raw", bytes: Uint8Array.of(0, 255) })
    assert.deepStrictEqual([raw.topic, [...raw.payload]], ["/sys/pk/dk/thing/model/down_raw", [0, 255]])
  })
})
