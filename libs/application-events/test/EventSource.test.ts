import { assert, describe, it } from "@effect/vitest"
import { eventSources } from "@roost/contracts"
import { formatPosition, parsePosition } from "../src/index.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const uplink = (subject: string, data: Uint8Array, headers: Readonly<Record<string, string>>) =>
  eventSources.uplink.read({ subject, data, header: (name) => headers[name] ?? "", sequence: 7, storedAt: 9 }, {})

describe("eventSources", () => {
  it("filter by product and device in the subject, with keys that a subject can't hold as they are", () => {
    assert.strictEqual(eventSources.uplink.subject({}), "roost.uplink.*.*.*")
    assert.strictEqual(eventSources.uplink.subject({ deviceKey: "a:b" }), "roost.uplink.*.a=3Ab.*")
    assert.strictEqual(eventSources.presence.subject({ productKey: "p" }), "roost.presence.p.*")
    assert.strictEqual(eventSources.command.subject({ productKey: "p" }), "$KV.COMMAND_HISTORY.>")
    assert.match(
      eventSources.command.subject({ productKey: "p", deviceKey: "d" }),
      /^\$KV\.COMMAND_HISTORY\.\d+\.\w+\.>$/
    )
  })

  it("give uplinks in JSON as JSON, and others in base64", () => {
    const json = uplink("roost.uplink.pk.a=3Ab.event", bytes(`{"id":"1"}`), {
      "Roost-Method": "m",
      "Roost-Topic": "/t",
      "Roost-Time": "5"
    })
    assert.deepStrictEqual(json, {
      type: "uplink",
      id: "uplink-7-9",
      productKey: "pk",
      deviceKey: "a:b",
      kind: "event",
      topic: "/t",
      method: "m",
      time: 5,
      payload: { id: "1" }
    })
    assert.strictEqual(uplink("roost.uplink.pk.d.raw", Uint8Array.of(1, 2), {})?.["raw"], "AQI=")
    assert.strictEqual(uplink("roost.uplink.pk.d.raw", bytes("{"), { "Roost-Method": "m" })?.["raw"], "ew==")
  })

  it("give what has a byte order mark as JSON, numbers as they were written (trust E8)", () => {
    const told = uplink("roost.uplink.pk.d.event", bytes(`\ufeff{"id":1.0,"a":[-0,1e400]}`), { "Roost-Method": "m" })
    assert.strictEqual(JSON.stringify(told?.["payload"]), `{"id":1.0,"a":[-0,1e400]}`)
    const deep = `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`
    assert.isString(uplink("roost.uplink.pk.d.event", bytes(deep), { "Roost-Method": "m" })?.["raw"])
  })

  it("leave out what is no event", () => {
    const message = { subject: "s", data: bytes("{}"), header: () => "", sequence: 1, storedAt: 1 }
    assert.isUndefined(eventSources.presence.read(message, {}))
    assert.isUndefined(eventSources.command.read(message, {}))
  })
})

describe("positions", () => {
  it("are written and read", () => {
    const position = { command: { sequence: 7 }, uplink: { sequence: 12, storedAt: 1_796_026_279_945 } }
    assert.strictEqual(formatPosition(position), "uplink=12@1796026279945,command=7")
    assert.deepStrictEqual(parsePosition("uplink=12@1796026279945,command=7"), position)
    assert.deepStrictEqual(parsePosition(""), {})
    for (const wrong of [
      "12",
      "uplink=",
      "uplink=x",
      "other=1",
      "uplink=1;command=2",
      "uplink=-1",
      "uplink=1@",
      "uplink=1@x"
    ]) {
      assert.isUndefined(parsePosition(wrong), wrong)
    }
  })
})
