import { assert, describe, it } from "@effect/vitest"
import { encodeToken } from "@roost/contracts"
import { formatLine, lineOf } from "../src/BusLine.ts"

const lineFor = (subject: string, payload: unknown): string => {
  const line = lineOf(subject, Buffer.from(JSON.stringify(payload)), new Date(0))
  return line === undefined ? "" : formatLine(line, false)
}

describe("the terminal of npm start", () => {
  it("says why somebody was refused who names no registered device", () => {
    const told = { kind: "handshake-refused", address: "192.0.2.1:7", identity: "pk, dev, 2, 300", reason: "blanks" }
    assert.match(
      lineFor("roost.stranger", told),
      /stranger 192\.0\.2\.1:7 +handshake-refused as pk, dev, 2, 300: blanks$/
    )
    const unnamed = { kind: "datagram-dropped", address: "192.0.2.1:7", reason: "plain CoAP", times: 3 }
    assert.match(lineFor("roost.stranger", unnamed), /datagram-dropped: plain CoAP \(3 times\)$/)
  })

  it("says how often an event came again", () => {
    const event = { kind: "request-refused", reason: "4.04: no such topic", detail: { times: 4 } }
    assert.match(lineFor("roost.event.pk.dev.request-refused", event), /pk\/dev .*4\.04: no such topic \(4 times\)$/)
    const once = { kind: "request-refused", reason: "4.04: no such topic" }
    assert.match(lineFor("roost.event.pk.dev.request-refused", once), /no such topic$/)
  })

  it("takes no control characters from a device", () => {
    const event = { kind: "uplink-refused", reason: "1204: measurepoints.\u001B[2J\u009B31m\nx" }
    assert.match(lineFor("roost.event.pk.dev.uplink-refused", event), /measurepoints\.·\[2J·31m·x$/)
  })
})

describe("a device in the terminal", () => {
  const deviceOf = (subject: string) => lineOf(subject, Buffer.from("{}"), new Date(0))?.device

  it("has its keys as people write them", () => {
    const device = encodeToken("imei:01.5")
    for (const kind of ["uplink", "presence", "event"]) {
      assert.strictEqual(deviceOf(`roost.${kind}.demo.${device}.x`), "demo/imei:01.5")
    }
  })

  it("is none where something befell a product as such", () => {
    assert.strictEqual(deviceOf(`roost.event.demo.${encodeToken("")}.webhook-failing`), "demo")
  })
})

describe("a line of the bus", () => {
  const at = new Date("2026-01-01T10:20:30.456Z")
  const bytes = (text: string) => new TextEncoder().encode(text)

  it("shows an uplink on one line, with what is no text as dots", () => {
    const line = lineOf("roost.uplink.pk.dk.raw", Uint8Array.of(1, 65, 10, 66), at)!
    assert.strictEqual(formatLine(line, false), "10:20:30.456 uplink   pk/dk              raw  ·A·B")
  })

  it("shows presence and events, and nothing else", () => {
    const presence = JSON.stringify({ state: "offline", cause: "lifetime", address: "1.2.3.4:5", suite: "S" })
    assert.strictEqual(lineOf("roost.presence.pk.dk", bytes(presence), at)?.text, "offline (lifetime)  1.2.3.4:5  S")
    assert.strictEqual(lineOf("roost.event.pk.dk.x", bytes(`{"kind":"x","reason":"why"}`), at)?.text, "x: why")
    assert.strictEqual(lineOf("roost.event.pk.dk.x", bytes("no JSON"), at)?.text, "x: ?")
    const operator = lineOf("roost.event.operator.x", bytes(`{"kind":"x","reason":"why"}`), at)
    assert.deepStrictEqual([operator?.device, operator?.text], ["roost", "x: why"])
    assert.isUndefined(lineOf("roost.frame.edge.x", bytes(""), at))
  })
})
