import { assert, describe, it } from "@effect/vitest"
import { connectLines, identityOf } from "../src/fleet/connectLines.ts"
import { fleetSearch, isFiltered } from "../src/fleet/fleetSearch.ts"
import { importBody, lineCount } from "../src/fleet/importFile.ts"
import { withPresence } from "../src/fleet/presentRows.ts"
import { hexText, octalText, plainText, pskKey } from "../src/fleet/pskKey.ts"

describe("the way in of a device", () => {
  it("has the key that Roost expects, in the forms that clients take (contract §3.5)", () => {
    const key = pskKey("the-secret-of-the-valve")
    assert.strictEqual(hexText(key), "a646d50e8d6207f0c61be8e8601276bf")
    assert.strictEqual(hexText(pskKey("ключ")), "c1ac9297603a320ed8fe567cf21c9177")
    assert.strictEqual(octalText(Uint8Array.of(0, 8, 255)), "\\000\\010\\377")
    assert.strictEqual(plainText(Uint8Array.of(0x41, 0x5c, 0x7f)), "A\\x5c\\x7f")
  })

  it("can be pasted into a shell, whatever the secret has", () => {
    const credential = { productKey: "pk1", deviceKey: "dev1", deviceSecret: "it's $HOME" }
    assert.strictEqual(identityOf(credential), "pk1,dev1,2,300")
    assert.include(connectLines(credential, "127.0.0.1:5684").roost, `--device-secret 'it'\\''s $HOME'`)
    assert.include(
      connectLines(credential, "roost.example:5684").libcoap,
      "coaps://roost.example:5684/topic/sys/pk1/dev1/"
    )
  })
})

describe("a file to import", () => {
  it("is taken as it is where it has JSON, and made of the columns of a CSV", () => {
    const ndjson = '{"deviceKey":"a"}\n\n{"deviceKey":"b"}\n'
    assert.strictEqual(importBody(ndjson), ndjson)
    assert.strictEqual(lineCount(ndjson), 2)
    const csv = '\uFEFFdeviceKey;deviceName\r\na;"North; ""first"""\r\nb;\r\n\r\n'
    assert.deepStrictEqual(
      importBody(csv)
        ?.split("\n")
        .map((line) => line && JSON.parse(line)),
      ["", { deviceKey: "a", deviceName: 'North; "first"' }, { deviceKey: "b" }]
    )
    assert.strictEqual(
      importBody('deviceKey,deviceName\na,"two\nlines"\n\nb,x\n'),
      '\n{"deviceKey":"a","deviceName":"two\\nlines"}\n\n\n{"deviceKey":"b","deviceName":"x"}'
    )
    assert.strictEqual(importBody("deviceKey,deviceName\n"), "")
    assert.strictEqual(importBody("deviceKey\na\n"), '\n{"deviceKey":"a"}')
  })

  it("may be device keys alone, one a line", () =>
    assert.strictEqual(importBody("\uFEFFa\r\n\r\nb\r\n"), '{"deviceKey":"a"}\n\n{"deviceKey":"b"}'))

  it("is sent as it is where the registry says best what is wrong with it", () => {
    for (const text of ['[{"deviceKey":"a"}]', "\u001f\ufffd\b", "PK\u0003\u0004", "\ufffd\ufffda\0"]) {
      assert.isUndefined(importBody(text))
    }
  })
})

describe("the address of the fleet", () => {
  it("keeps what the list can show, and leaves the rest out", () => {
    const search = { q: 17, product: "pk1", status: "gone", tag: "", silent: "24h", sort: "-lastSeen", other: "x" }
    assert.deepStrictEqual(fleetSearch(search), { q: "17", product: "pk1", silent: "24h", sort: "-lastSeen" })
    assert.isFalse(isFiltered({ sort: "lastSeen" }))
    assert.isTrue(isFiltered({ q: "a", sort: "lastSeen" }))
  })
})

describe("live presence", () => {
  const device = (deviceKey: string, status: "online" | "offline" | "disabled") => ({
    assetId: "a",
    productKey: "pk1",
    deviceKey,
    deviceName: deviceKey,
    status,
    createdAt: 0,
    tags: {}
  })
  const event = (deviceKey: string) => ({
    productKey: "pk1",
    deviceKey,
    state: "online" as const,
    lastSeenAt: 7,
    address: "192.0.2.7:1"
  })

  it("changes the rows that it is of, and neither the others nor who is disabled", () => {
    const first = { devices: [device("a", "offline"), device("b", "disabled")] }
    const second = { devices: [device("c", "offline")] }
    const data = { pages: [first, second], pageParams: ["", "x"] }
    const events = new Map(["a", "b"].map((key) => [`pk1 ${key}`, event(key)]))
    const changed = withPresence(data, events)
    assert.deepInclude(changed.pages[0]!.devices[0], { status: "online", lastSeenAt: 7 })
    assert.strictEqual(changed.pages[0]!.devices[1]!.status, "disabled")
    assert.strictEqual(changed.pages[1], second)
    assert.strictEqual(withPresence(data, new Map([["pk2 a", event("a")]])), data)
  })
})
