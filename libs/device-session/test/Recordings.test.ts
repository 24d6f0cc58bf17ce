import { Code, noBytes, OptionNumber, stringOption } from "@roost/coap"
import type { Recorded, RecordedEntry, Tap } from "@roost/contracts"
import { FlightRecorder } from "@roost/flight-recorder"
import { assert, describe, it } from "@effect/vitest"
import { Store } from "./support/Store.ts"
import { World } from "./support/World.ts"

const start = 1_700_000_000_000
const topic = (name: string) =>
  `topic/sys/pk1/dev1/${name}`.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment))
const bytesOf = (text: string) => new TextEncoder().encode(text)
const post = (name: string, payload: string) => ({
  code: Code.Post,
  confirmable: true,
  options: topic(name),
  payload: bytesOf(payload)
})
const report = `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"t":1}}}`

const recorded = (tap: Partial<Tap> = {}) => {
  const entries: Array<RecordedEntry> = []
  const recorder = new FlightRecorder({
    process: "node0001",
    wallOf: (now) => now,
    publish: (_id, more) => entries.push(...more)
  })
  recorder.setTaps(start, [
    { id: "r1", productKey: "pk1", deviceKey: "dev1", until: start + 600_000, secrets: false, ...tap }
  ])
  const world = new World({}, new Store(), recorder)
  return {
    world,
    of: <Tag extends Recorded["_tag"]>(tag: Tag) => {
      recorder.flush()
      return entries.flatMap(({ what }) =>
        what._tag === tag ? [what as Extract<Recorded, { readonly _tag: Tag }>] : []
      )
    }
  }
}

describe("a flight recording of a device", () => {
  it("has its handshake, its records and the messages in them, both ways", () => {
    const { of, world } = recorded()
    const device = world.device("dev1", 1000).connect()
    device.request(post("thing/measurepoint/post", report))
    assert.deepStrictEqual(
      of("Handshake").map(({ step }) => step),
      ["named", "verified", "established"]
    )
    const messages = of("Message")
    assert.deepStrictEqual(
      messages.map(({ direction }) => direction),
      ["in", "out"]
    )
    assert.include(Buffer.from(messages[0]!.bytes, "base64").toString("latin1"), report)
    const sent = device.sent.map((datagram) => Buffer.from(datagram).toString("base64"))
    assert.include(sent, of("Datagram").findLast(({ direction }) => direction === "in")!.bytes)
    assert.deepStrictEqual(
      of("Record").map(({ direction, epoch, outcome }) => [direction, epoch, outcome]),
      [
        ["in", 1, "opened: ApplicationData"],
        ["out", 1, "sealed"]
      ]
    )
  })

  it("has decisions with their rows of docs/protocol.md, and what the store said", () => {
    const { of, world } = recorded()
    const device = world.device("dev1", 1000).connect()
    device.request(post("thing/measurepoint/post", report))
    device.request(post("thing/measurepoint/post", report.replace("thing.measurepoint.post", "other")))
    device.request({ code: Code.Get, confirmable: true, options: topic("thing/nothing"), payload: noBytes })
    assert.deepStrictEqual(
      of("Decision").map(({ code, row }) => [row, code]),
      [
        ["Uplink topics: thing/measurepoint/post", undefined],
        ["Codes: 1260", "method-mismatch"],
        ["Refusals on the air: 4.04", "unknown-topic"]
      ]
    )
    assert.deepInclude(of("Store"), { _tag: "Store", what: "uplink", outcome: "stored" })
    assert.deepStrictEqual(
      of("Event").flatMap(({ code }) => code ?? []),
      ["method-mismatch", "unknown-topic"]
    )
    assert.deepInclude(of("Presence"), { _tag: "Presence", state: "online", cause: "handshake" })
  })

  it("has the secrets of handshakes only where it was asked for them", () => {
    for (const secrets of [false, true]) {
      const { of, world } = recorded({ secrets })
      const device = world.device("dev1", 1000).connect()
      const expected = secrets ? [device.client.session!.masterSecret.toHex()] : []
      assert.deepStrictEqual(
        of("Secret").map(({ masterSecret }) => masterSecret),
        expected
      )
    }
  })

  it("has nothing of another device, and says why a handshake was refused", () => {
    const { of, world } = recorded()
    world.device("dev2", 1001).connect()
    assert.lengthOf(of("Datagram"), 0)
    world.device("dev1", 1000, { secret: "another" }).connect()
    assert.match(of("Event")[0]!.reason, /wrong key/i)
  })
})
