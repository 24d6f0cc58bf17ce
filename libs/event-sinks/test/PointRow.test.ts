import { assert, describe, it } from "@effect/vitest"
import { type ApplicationEvent, eventSources, UplinkHeader } from "@roost/contracts"
import { copyText } from "../src/postgres/CopyText.ts"
import { rowsOf } from "../src/rows/PointRow.ts"

const uplink = (kind: string, method: string, payload: string): ApplicationEvent =>
  eventSources.uplink.read(
    {
      subject: `roost.uplink.pk.a=3Ab.${kind}`,
      data: new TextEncoder().encode(payload),
      header: (name) => ({ [UplinkHeader.method]: method, [UplinkHeader.time]: "1000" })[name] ?? "",
      sequence: 7,
      storedAt: 9
    },
    {}
  )!

const post = (params: string, method = "thing.measurepoint.post", kind = "measurepoint") =>
  uplink(kind, method, `{"id":"1","version":"1.0","method":"${method}","params":${params}}`)

/** Rows in short: the columns in order, nothing for null. */
const short = (event: ApplicationEvent) =>
  rowsOf(event).map(({ boolean, json, number, point, quality, text, time }) =>
    [time, point, number, text, boolean, json, quality].map((value) => value ?? "").join("|")
  )

describe("the rows of an event", () => {
  it("have each point in the column of its type, with its time and quality", () => {
    const params = `{"measurepoints":{"t":21.5,"on":true,"s":"x","l":[1,2],"q":{"value":3,"quality":9}},"time":500}`
    assert.deepStrictEqual(short(post(params)), [
      "500|t|21.5||||",
      "500|on|||true||",
      "500|s||x|||",
      "500|l||||[1,2]|",
      "500|q|3||||9"
    ])
    const [row] = rowsOf(post(params))
    assert.deepInclude(row, { product: "pk", device: "a:b", kind: "measurepoint", id: "uplink-7-9" })
  })

  it("keep numbers that no double holds, and times that no clock has", () => {
    assert.deepStrictEqual(short(post(`{"measurepoints":{"a":9007199254740993,"b":1.0,"c":1e400},"time":1e300}`)), [
      "1000|a|9007199254740992|||9007199254740993|",
      "1000|b|1||||",
      "1000|c||||1e400|"
    ])
  })

  it("are those of every post of a batch, of attributes, tags and events", () => {
    const batch = `[{"measurepoints":{"t":1},"time":1},{"measurepoints":{"t":2},"time":2}]`
    assert.deepStrictEqual(short(post(batch, "thing.measurepoint.post.batch")), ["1|t|1||||", "2|t|2||||"])
    assert.deepStrictEqual(short(post(`{"attributes":{"site":"A1"}}`, "thing.attribute.update", "attribute")), [
      "1000|site||A1|||"
    ])
    assert.deepStrictEqual(short(post(`[{"tagKey":"k","tagValue":"v"}]`, "thing.tag.update", "tag")), ["1000|k||v|||"])
    assert.deepStrictEqual(short(post(`{"events":{"temp":1.50},"time":4}`, "thing.event.hot.post", "event")), [
      `4|hot||||{"temp":1.50}|`
    ])
  })

  it("are never none: what has no points is one row with all of it", () => {
    for (const event of [
      post(`{"measurepoints":{}}`),
      post(`{"attributes":["a"]}`, "thing.attribute.query", "attribute"),
      post(`{"progress":"1"}`, "ota.device.progress", "ota"),
      uplink("raw", "", "\u0000\u0001"),
      { type: "presence", id: "presence-1-1", productKey: "p", deviceKey: "d", state: "online", time: 3 },
      { type: "command", id: "c", productKey: "p", deviceKey: "d", kind: "raw", state: "succeeded", time: 3 },
      { type: "log", id: "l", productKey: "p", deviceKey: "d", kind: "wrong-key", reason: "so", time: 3 }
    ] as const) {
      assert.strictEqual(rowsOf(event).length, 1, JSON.stringify(event))
    }
  })

  it("are what a script names as points", () => {
    const event = {
      type: "uplink",
      id: "u",
      productKey: "p",
      deviceKey: "d",
      time: 3,
      points: { a: 1, b: null }
    } as const
    assert.deepStrictEqual(short(event), ["3|a|1||||", "3|b||||null|"])
  })

  it("have nothing that PostgreSQL can't hold: NUL, lone surrogates, and what COPY reads as its own", () => {
    const event = post(
      String.raw`{"measurepoints":{"a":"x\u0000y\ud800","b":{"k":"\u0000","w":"\\u0000"},"c":"t\tn\n\\"}}`
    )
    const lines = copyText(rowsOf(event)).split("\n")
    const valuesOf = (line: string | undefined) => line!.split("\t").slice(5, 10).join(" ")
    assert.strictEqual(valuesOf(lines[0]), String.raw`\N x\\u0000y\\ud800 \N \N \N`)
    assert.strictEqual(valuesOf(lines[1]), String.raw`\N \N \N {"k":"\\\\u0000","w":"\\\\u0000"} \N`)
    assert.strictEqual(valuesOf(lines[2]), String.raw`\N t\tn\n\\ \N \N \N`)
    assert.strictEqual(lines.length, 4)
  })
})
