import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { RegistryStore, SecretLengthMin } from "../src/index.ts"
import { createProduct, importLines, send, served } from "./support/RegistryHttp.ts"

describe("devices", () => {
  it.live("are registered once and told their secret once", () =>
    Effect.gen(function* () {
      yield* createProduct
      const created = yield* send("POST", "/v1/products/pk1/devices", {
        deviceKey: "IMEI:86.7",
        deviceSecret: "secret-of-IMEI-867"
      })
      assert.deepStrictEqual(created.body, {
        assetId: created.body.assetId,
        productKey: "pk1",
        deviceKey: "IMEI:86.7",
        deviceSecret: "secret-of-IMEI-867"
      })
      assert.strictEqual(created.status, 201)
      const again = yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "IMEI:86.7" })
      assert.deepStrictEqual([again.status, again.body.code], [409, 11_702])
      assert.strictEqual((yield* send("POST", "/v1/products/pk9/devices", { deviceKey: "d" })).status, 404)
      const read = yield* send("GET", "/v1/products/pk1/devices/IMEI:86.7")
      assert.deepStrictEqual(read.body, {
        assetId: created.body.assetId,
        productKey: "pk1",
        deviceKey: "IMEI:86.7",
        deviceName: "IMEI:86.7",
        status: "inactive",
        createdAt: read.body.createdAt
      })
    }).pipe(Effect.provide(served()))
  )

  it.live(
    "are disabled, enabled, given a new secret and deleted by verbs after a colon, also of keys with colons",
    () =>
      Effect.gen(function* () {
        const store = yield* RegistryStore
        yield* createProduct
        const path = "/v1/products/pk1/devices/a:enable"
        const created = yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "a:enable" })
        assert.strictEqual((yield* send("POST", `${path}:disable`)).body.status, "disabled")
        assert.strictEqual((yield* send("POST", `${path}:disable`)).status, 200)
        assert.strictEqual((yield* send("POST", `${path}:enable`)).body.status, "inactive")
        const rotated = yield* send("POST", `${path}:rotate-secret`, {})
        assert.strictEqual(rotated.body.assetId, created.body.assetId)
        assert.notStrictEqual(rotated.body.deviceSecret, created.body.deviceSecret)
        const replaced = yield* send("POST", `${path}:replace`, { deviceSecret: "secret-of-new-hardware" })
        assert.deepStrictEqual(replaced.body, { ...created.body, deviceSecret: "secret-of-new-hardware" })
        const given = yield* send("POST", `${path}:rotate-secret`, { deviceSecret: "a-secret-of-mine" })
        assert.strictEqual(given.body.deviceSecret, "a-secret-of-mine")
        assert.strictEqual((yield* send("DELETE", path)).status, 204)
        const changes = (yield* store.untoldChanges(10)).map(({ change }) => change.change)
        assert.deepStrictEqual(changes, ["disabled", "enabled", "secret", "secret", "secret", "deleted"])
        for (const [method, verb] of [
          ["GET", ""],
          ["DELETE", ""],
          ["POST", ":disable"],
          ["POST", ":enable"],
          ["POST", ":rotate-secret"],
          ["POST", ":replace"]
        ] as const) {
          const answer = yield* send(method, path + verb, method === "POST" ? {} : undefined)
          assert.deepStrictEqual([verb, answer.status, answer.body.code], [verb, 404, 11_705])
        }
      }).pipe(Effect.provide(served()))
  )

  it.live("are listed page by page and by status", () =>
    Effect.gen(function* () {
      yield* createProduct
      for (const deviceKey of ["c", "a", "b"]) yield* send("POST", "/v1/products/pk1/devices", { deviceKey })
      yield* send("POST", "/v1/products/pk1/devices/b:disable")
      const keys = (answer: { body: { devices: ReadonlyArray<{ deviceKey: string }> } }) =>
        answer.body.devices.map(({ deviceKey }) => deviceKey)
      const first = yield* send("GET", "/v1/products/pk1/devices?limit=2")
      assert.deepStrictEqual([keys(first), first.body.nextCursor], [["a", "b"], "b"])
      const second = yield* send("GET", "/v1/products/pk1/devices?limit=2&cursor=b")
      assert.deepStrictEqual([keys(second), second.body.nextCursor], [["c"], undefined])
      assert.deepStrictEqual(keys(yield* send("GET", "/v1/products/pk1/devices?status=inactive")), ["a", "c"])
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices?limit=201")).status, 400)
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices?status=asleep")).status, 400)
      assert.strictEqual((yield* send("GET", "/v1/products/pk9/devices")).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("are shown as their actor knows them", () => {
    const known = {
      _tag: "Known",
      online: true,
      lastSeenAt: 9000,
      address: "192.0.2.7:1",
      suite: "TLS_PSK_WITH_AES_128_CCM_8",
      secureMode: 2,
      lifetimeSeconds: 300,
      pending: 2
    } as const
    return Effect.gen(function* () {
      const store = yield* RegistryStore
      yield* createProduct
      yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "a" })
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices/a")).body.status, "inactive")
      const presence = { ...known, productKey: "pk1", deviceKey: "a", cause: "handshake", connectionId: true } as const
      yield* store.applyPresence([{ ...presence, state: "online", at: 1000, lastSeenAt: 1000 }])
      const { body } = yield* send("GET", "/v1/products/pk1/devices/a")
      assert.deepStrictEqual(
        [body.status, body.lastSeenAt, body.address, body.lifetimeSeconds, body.pendingCommands],
        ["online", 9000, "192.0.2.7:1", 300, 2]
      )
    }).pipe(Effect.provide(served(known)))
  })

  it.live("have a log, which outlives them", () =>
    Effect.gen(function* () {
      const store = yield* RegistryStore
      yield* createProduct
      yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "a" })
      assert.deepStrictEqual((yield* send("GET", "/v1/products/pk1/devices/a/events")).body, { events: [] })
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices/nobody/events")).status, 404)
      const now = Date.now()
      const refused = (after: number) => ({
        productKey: "pk1",
        deviceKey: "nobody",
        kind: "handshake-refused",
        at: now + after,
        address: "192.0.2.1:1",
        reason: "unknown device"
      })
      yield* store.addEvents([1, 2, 3].map(refused), now)
      const first = yield* send("GET", "/v1/products/pk1/devices/nobody/events?limit=2")
      assert.deepStrictEqual(
        first.body.events.map((event: { at: number }) => event.at - now),
        [3, 2]
      )
      const second = yield* send("GET", `/v1/products/pk1/devices/nobody/events?cursor=${first.body.nextCursor}`)
      assert.deepStrictEqual([second.body.events.length, second.body.events[0].reason], [1, "unknown device"])
      assert.isUndefined(second.body.nextCursor)
    }).pipe(Effect.provide(served()))
  )

  it.live("have a log that is asked by kind and time, and nothing that there is not", () =>
    Effect.gen(function* () {
      const store = yield* RegistryStore
      yield* createProduct
      const now = Date.now()
      const event = { productKey: "pk1", deviceKey: "a", address: "192.0.2.1:1", reason: "…" }
      yield* store.addEvents(
        [
          { ...event, kind: "uplink-refused", at: now },
          { ...event, kind: "time-odd", at: now + 1 },
          { ...event, deviceKey: "", kind: "script-throws", at: now }
        ],
        now
      )
      const log = "/v1/products/pk1/devices/a/events"
      const kinds = Effect.fnUntraced(function* (path: string) {
        return (yield* send("GET", path)).body.events.map(({ kind }: { kind: string }) => kind)
      })
      assert.deepStrictEqual(yield* kinds(log), ["time-odd", "uplink-refused"])
      assert.deepStrictEqual(yield* kinds(`${log}?kind=uplink-refused`), ["uplink-refused"])
      assert.deepStrictEqual(yield* kinds(`${log}?from=${now + 1}`), ["time-odd"])
      assert.deepStrictEqual(yield* kinds(`${log}?to=${now + 1}`), ["uplink-refused"])
      const wrongTimes = "from=yesterday to=1.5 from=-1 to= from=%20 from=0x10".split(" ")
      for (const wrong of [...wrongTimes, "kind=uplink-refusd", "cursor=17", "limit=0", "limit=0x10", "limit=%205"]) {
        assert.strictEqual((yield* send("GET", `${log}?${wrong}`)).status, 400, wrong)
      }
      const ofProduct = yield* send("GET", "/v1/products/pk1/events")
      assert.deepInclude(ofProduct.body.events[0], { productKey: "pk1", kind: "script-throws" })
      assert.notProperty(ofProduct.body.events[0], "deviceKey")
      assert.strictEqual((yield* send("GET", "/v1/products/pk9/events")).status, 404)
    }).pipe(Effect.provide(served()))
  )
})

describe("secrets", () => {
  it.live("of fewer than 16 characters are refused wherever one is given (trust D4)", () =>
    Effect.gen(function* () {
      const short = "fifteen-letters"
      const refusedAs = Effect.fnUntraced(function* (path: string, body: unknown) {
        const answer = yield* send("POST", path, body)
        assert.deepStrictEqual([answer.status, answer.body.type], [422, "urn:roost:problem:secret-too-short"])
        assert.match(answer.body.detail, /has 15 characters: expected at least 16.*ROOST_SECRET_LENGTH_MIN/)
      })
      yield* createProduct
      const one = "/v1/products/pk1/devices/a"
      assert.strictEqual((yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "a" })).status, 201)
      yield* refusedAs("/v1/products", { productName: "Meters", productKey: "pk2", productSecret: short })
      yield* refusedAs("/v1/products/pk1:rotate-secret", { productSecret: short })
      yield* refusedAs("/v1/products/pk1/devices", { deviceKey: "b", deviceSecret: short })
      yield* refusedAs(`${one}:rotate-secret`, { deviceSecret: short })
      yield* refusedAs(`${one}:replace`, { deviceSecret: short })
      const lines = [short, `${short}-`].map((deviceSecret, i) => JSON.stringify({ deviceKey: `c${i}`, deviceSecret }))
      const { results } = yield* importLines("/v1/products/pk1/devices:import", lines.join("\n"))
      assert.deepInclude(results[0], { _tag: "Refused", line: 1, deviceKey: "c0" })
      assert.include(results[0].reason, "at least 16")
      assert.deepInclude(results[1], { _tag: "Imported", line: 2 })
    }).pipe(Effect.provide(served()))
  )

  it.live("may be shorter where that is configured (trust D4)", () =>
    Effect.gen(function* () {
      yield* createProduct
      const created = yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "a", deviceSecret: "four" })
      assert.strictEqual(created.status, 201)
      assert.strictEqual(
        (yield* send("POST", "/v1/products/pk1/devices/a:replace", { deviceSecret: "two" })).status,
        422
      )
    }).pipe(Effect.provide(served().pipe(Layer.provide(Layer.succeed(SecretLengthMin, 4)))))
  )
})
