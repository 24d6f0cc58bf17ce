import { assert, describe, it } from "@effect/vitest"
import type { DeviceAnswer, Stranger } from "@roost/contracts"
import { apiRoutes, pathSegmentLengthMax } from "@roost/http"
import { RegistryApi } from "@roost/contracts"
import { Health } from "@roost/observability"
import { layerHttpServerTest } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import type { HttpMethod } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  deletionUntoldMax,
  layerProductDeletions,
  LiveStatus,
  ProductRemains,
  Registry,
  RegistryHandlers,
  RegistryStore,
  SecretLengthMin,
  StrangerLog,
  Strangers
} from "../src/index.ts"
import { layerTemporaryStore, layerVault } from "./support/TestRegistry.ts"

const token = "0123456789abcdef"

/** Another library's (@roost/application-events). */
const noWebhooks = HttpApiBuilder.group(RegistryApi, "webhooks", (handlers) => {
  const unserved = () => Effect.die("webhooks are not served here")
  return Effect.succeed(
    handlers.handleAll({
      createWebhook: unserved,
      listWebhooks: unserved,
      getWebhook: unserved,
      changeWebhook: unserved,
      listDeadDeliveries: unserved,
      replayDeadDeliveries: unserved,
      deleteWebhook: unserved
    })
  )
})
/** The registry's events are another lib's, too. */
const noEvents = HttpApiBuilder.group(RegistryApi, "events", (handlers) =>
  handlers.handle("followEvents", () => Effect.die("not here"))
)

const served = (answer?: DeviceAnswer, strangers = new StrangerLog()) =>
  HttpRouter.serve(apiRoutes(RegistryApi, Layer.mergeAll(RegistryHandlers, noWebhooks, noEvents)), {
    disableLogger: true,
    disableListenLog: true,
    routerConfig: { maxParamLength: pathSegmentLengthMax }
  }).pipe(
    Layer.provideMerge(layerHttpServerTest),
    Layer.provide([Registry.layer, Strangers.layerOf(strangers)]),
    Layer.merge(layerProductDeletions.pipe(Layer.provide(ProductRemains.layerNone))),
    Layer.provideMerge(layerTemporaryStore),
    Layer.provide([layerVault, Health.layer, Layer.succeed(LiveStatus, { ask: () => Effect.succeed(answer) })]),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: token }))),
    Layer.provide(Logger.layer([]))
  )

const send = Effect.fnUntraced(function* (method: HttpMethod.HttpMethod, path: string, body?: unknown) {
  const response = yield* HttpClientRequest.make(method)(path).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setBody(body === undefined ? HttpBody.empty : HttpBody.jsonUnsafe(body)),
    HttpClient.execute
  )
  const text = yield* response.text
  const type = response.headers["content-type"]
  return { status: response.status, type, body: text === "" ? undefined : JSON.parse(text) }
})

const importLines = Effect.fnUntraced(function* (path: string, lines: string) {
  const response = yield* HttpClientRequest.post(path).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setBody(HttpBody.text(lines, "application/x-ndjson")),
    HttpClient.execute
  )
  const text = yield* response.text
  return {
    status: response.status,
    results: text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
  }
})

const createProduct = send("POST", "/v1/products", { productName: "Meters", productKey: "pk1" })

describe("a thing model", () => {
  it.live("that no message can carry is refused, by POST and by PUT (trust C4)", () =>
    Effect.gen(function* () {
      const model = (count: number) => {
        const points = Array.from({ length: count }, (_, i) => [
          `p${i}`,
          { desc: "x".repeat(1000), data: { dataType: "INT" } }
        ])
        return { modelId: "m", attributes: {}, measurepoints: Object.fromEntries(points), services: {}, events: {} }
      }
      const large = yield* send("POST", "/v1/models", model(600))
      assert.strictEqual(large.status, 413, JSON.stringify(large.body))
      assert.match(large.body.detail, /bytes of JSON; at most 524288/)
      assert.strictEqual((yield* send("POST", "/v1/models", model(300))).status, 201)
      assert.strictEqual((yield* send("PUT", "/v1/models/m", model(600))).status, 413)
    }).pipe(Effect.provide(served()))
  )
})

describe("products", () => {
  it.live("are created with what is given and what is made up, read with their secret, and listed without", () =>
    Effect.gen(function* () {
      const created = yield* createProduct
      assert.strictEqual(created.status, 201)
      assert.match(created.body.productSecret, /^[A-Za-z0-9]{20}$/)
      const product = {
        productKey: "pk1",
        productName: "Meters",
        dataFormat: "Json",
        dynamicActivateEnabled: false,
        downlink: "pipelined",
        piggybackMillis: 4_000,
        closeNotify: "lifetime",
        createdAt: created.body.createdAt
      }
      assert.deepStrictEqual(created.body, { ...product, productSecret: created.body.productSecret })
      assert.deepStrictEqual((yield* send("GET", "/v1/products/pk1")).body, created.body)
      yield* send("POST", "/v1/products", { productName: "B", productKey: "pk2" })
      const first = yield* send("GET", "/v1/products?limit=1")
      assert.deepStrictEqual(first.body, { products: [product], nextCursor: "pk1" })
      const second = yield* send("GET", "/v1/products?limit=1&cursor=pk1")
      assert.deepStrictEqual([second.body.products[0].productKey, second.body.nextCursor], ["pk2", undefined])
      assert.match((yield* send("POST", "/v1/products", { productName: "C" })).body.productKey, /^[A-Za-z0-9]{8}$/)
    }).pipe(Effect.provide(served()))
  )

  it.live("are renamed and let devices activate dynamically or no more; nothing else of them changes", () =>
    Effect.gen(function* () {
      const { productSecret: _, ...product } = (yield* createProduct).body
      const on = yield* send("PATCH", "/v1/products/pk1", { dynamicActivateEnabled: true })
      assert.deepStrictEqual(on.body, { ...product, dynamicActivateEnabled: true })
      const renamed = yield* send("PATCH", "/v1/products/pk1", { productName: "Valves" })
      assert.deepStrictEqual(renamed.body, { ...product, productName: "Valves", dynamicActivateEnabled: true })
      const off = yield* send("PATCH", "/v1/products/pk1", { dynamicActivateEnabled: false })
      assert.deepStrictEqual(off.body, { ...product, productName: "Valves" })
      const moved = yield* send("PATCH", "/v1/products/pk1", { productName: "Pumps", productKey: "pk2" })
      assert.deepStrictEqual([moved.status, moved.body.errors[0].path], [422, ["payload", "productKey"]])
      assert.strictEqual((yield* send("GET", "/v1/products/pk1")).body.productName, "Valves")
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk9", {})).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("are deleted: 409 with the number of devices, 204 with them if forced, 202 while it lasts, 404 after", () =>
    Effect.gen(function* () {
      yield* createProduct
      assert.strictEqual((yield* send("DELETE", "/v1/products/none")).status, 404)
      for (const deviceKey of ["a", "b"]) yield* send("POST", "/v1/products/pk1/devices", { deviceKey })
      const refused = yield* send("DELETE", "/v1/products/pk1")
      assert.deepInclude(refused.body, { type: "urn:roost:problem:product-in-use", status: 409, devices: 2 })
      assert.include(refused.body.detail, "?force=true")
      assert.strictEqual((yield* send("DELETE", "/v1/products/pk1?force=1")).status, 400)
      assert.strictEqual((yield* send("DELETE", "/v1/products/pk1?force=true")).status, 204)
      assert.strictEqual((yield* send("GET", "/v1/products/pk1")).status, 404)
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices/a")).status, 404)
      yield* send("POST", "/v1/products", { productName: "Many", productKey: "many" })
      const imported = yield* importLines(
        "/v1/products/many/devices:import",
        Array.from({ length: 2 * deletionUntoldMax }, (_, i) => JSON.stringify({ deviceKey: `d${i}` })).join("\n")
      )
      assert.deepInclude(imported.results.at(-1), { imported: 2 * deletionUntoldMax })
      // Nobody tells the actors here, so the rest waits.
      const deleting = yield* send("DELETE", "/v1/products/many?force=true")
      assert.strictEqual(deleting.status, 202)
      assert.isAbove(deleting.body.devices, 0)
      const again = yield* send("DELETE", "/v1/products/many")
      assert.deepStrictEqual([again.status, again.body.deletingSince], [202, deleting.body.deletingSince])
      assert.strictEqual((yield* send("GET", "/v1/products/many")).body.deletingSince, deleting.body.deletingSince)
      assert.strictEqual((yield* send("POST", "/v1/products/many/devices", { deviceKey: "x" })).status, 404)
      const taken = yield* send("POST", "/v1/products", { productName: "Many", productKey: "many" })
      assert.include(taken.body.detail, "until the product that has it is deleted")
    }).pipe(Effect.provide(served()))
  )

  it.live("take back what reading gives, and refuse what can't be changed by name", () =>
    Effect.gen(function* () {
      yield* createProduct
      const read = (yield* send("GET", "/v1/products/pk1")).body
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk1", { ...read, productName: "Valves" })).status, 200)
      assert.deepStrictEqual((yield* send("GET", "/v1/products/pk1")).body, { ...read, productName: "Valves" })
      const fixed = { ...read, dataFormat: "Custom", downlink: "serial", productName: "Pumps" }
      const refused = yield* send("PATCH", "/v1/products/pk1", fixed)
      assert.deepStrictEqual(
        [
          refused.status,
          refused.body.errors.map(({ path }: { path: ReadonlyArray<string> }) => path.at(-1)).toSorted()
        ],
        [422, ["dataFormat", "downlink"]]
      )
      assert.strictEqual((yield* send("GET", "/v1/products/pk1")).body.productName, "Valves")

      yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "dev1" })
      const device = (yield* send("GET", "/v1/products/pk1/devices/dev1")).body
      const renamed = yield* send("PATCH", "/v1/products/pk1/devices/dev1", { ...device, deviceName: "Hall" })
      assert.deepStrictEqual(renamed.body, { ...device, deviceName: "Hall" })
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk1/devices/dev1", { deviceKey: "dev2" })).status, 422)

      yield* send("POST", "/v1/models", { modelId: "m", attributes: {}, measurepoints: {}, services: {}, events: {} })
      const model = (yield* send("GET", "/v1/models/m")).body
      const replaced = yield* send("PUT", "/v1/models/m", model)
      assert.deepStrictEqual([replaced.status, replaced.body.version, replaced.body.model], [200, 2, model.model])

      yield* send("POST", "/v1/products", { productKey: "raw", productName: "Raw", dataFormat: "Custom" })
      yield* send("PUT", "/v1/products/raw/script", { source: "let a" })
      const script = (yield* send("GET", "/v1/products/raw/script")).body
      assert.deepStrictEqual((yield* send("PUT", "/v1/products/raw/script", script)).body, script)
    }).pipe(Effect.provide(served()))
  )

  it.live("that exist, do not, or are described wrongly are problems (RFC 9457)", () =>
    Effect.gen(function* () {
      yield* createProduct
      const taken = yield* createProduct
      assert.deepStrictEqual([taken.status, taken.type], [409, "application/problem+json"])
      assert.strictEqual(taken.body.type, "urn:roost:problem:product-key-exists")
      const missing = yield* send("GET", "/v1/products/pk9")
      assert.deepStrictEqual([missing.status, missing.body.code], [404, 11_611])
      const wrong = yield* send("POST", "/v1/products", { productName: "", dataFormat: "Xml" })
      assert.deepStrictEqual([wrong.status, wrong.type], [400, "application/problem+json"])
    }).pipe(Effect.provide(served()))
  )
})

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

describe("strangers", () => {
  const refused = (id: number, address: string, identity: string): Stranger => ({
    id,
    at: id,
    node: "node1",
    kind: "handshake-refused",
    address,
    proven: true,
    identity,
    reason: "unknown device"
  })
  const log = new StrangerLog()
  log.add(refused(1, "192.0.2.1:1000", "pk1,dev1,2,60"))
  log.add(refused(2, "[2001:db8::1]:1000", "pk1,dev2,2,60"))
  log.add(refused(3, "192.0.2.1:2000", '\\"pk1,dev1,2,60\\"'))
  const busiest = [{ address: "198.51.100.1:9", times: 4000, identity: "pk9,x,2,60" }]
  log.add({ id: 4, at: 4, node: "edge1", kind: "not-told", address: "", proven: true, reason: "4000 …", busiest })

  it.live("are found by address and by identity, newest first, page by page (trust A7)", () =>
    Effect.gen(function* () {
      const ids = Effect.fnUntraced(function* (query: string) {
        const { body, status } = yield* send("GET", `/v1/strangers${query}`)
        assert.strictEqual(status, 200)
        return body.strangers.map(({ id }: Stranger) => id)
      })
      assert.deepStrictEqual(yield* ids(""), [4, 3, 2, 1])
      assert.deepStrictEqual(yield* ids("?address=192.0.2.1"), [3, 1])
      assert.deepStrictEqual(yield* ids("?address=192.0.2.1:2000"), [3])
      assert.deepStrictEqual(yield* ids("?address=2001:DB8:0:0::1"), [2])
      assert.deepStrictEqual(yield* ids("?address=%5B2001:db8::1%5D:1000"), [2])
      assert.deepStrictEqual(yield* ids("?identity=pk1,dev1"), [3, 1])
      assert.deepStrictEqual(yield* ids("?identity=pk1,dev1&address=192.0.2.1:1000"), [1])
      assert.deepStrictEqual(yield* ids("?address=198.51.100.1"), [4], "a summary names it")
      const first = yield* send("GET", "/v1/strangers?limit=3")
      assert.deepStrictEqual(yield* ids(`?limit=3&cursor=${first.body.nextCursor}`), [1])
      assert.deepStrictEqual(yield* ids("?kind=not-told"), [4])
      assert.deepStrictEqual(yield* ids("?from=2&to=4"), [3, 2])
      assert.strictEqual((yield* send("GET", "/v1/strangers?kind=online")).status, 400)
      assert.strictEqual((yield* send("GET", "/v1/strangers?address=meter")).status, 400)
      assert.strictEqual((yield* send("GET", "/v1/strangers?limit=100000")).status, 400)
      const missing = yield* send("GET", "/v1/products/pk1/devices/dev1/events")
      assert.include(missing.body.detail, "/v1/strangers?identity=pk1,dev1")
    }).pipe(Effect.provide(served(undefined, log)))
  )

  it("of a flood displace themselves, and who forges addresses nobody who proved one (trust A7)", () => {
    const flooded = new StrangerLog()
    flooded.add(refused(1, "192.0.2.1:1000", "pk1,dev1,2,60"))
    for (let id = 2; id < 30_000; id++) flooded.add(refused(id, `192.0.2.2:${id}`, `flood ${id}`))
    for (let id = 30_000; id < 60_000; id++) {
      flooded.add({
        ...refused(id, `10.${id >> 8}.${id & 255}.1:1`, ""),
        address: `10.1.${id >> 8}.${id & 255}:1`,
        proven: false
      })
    }
    assert.isAtMost(flooded.size, 7_500)
    const query = { identity: undefined, limit: 10 }
    assert.lengthOf(flooded.list({ ...query, address: "192.0.2.1" }), 1)
    assert.lengthOf(flooded.list({ ...query, address: "192.0.2.2" }), 10)
  })
})

describe("an import", () => {
  it.live("answers every line and lets no line stop the others", () =>
    Effect.gen(function* () {
      yield* createProduct
      const lines = [
        `{"deviceKey":"a","deviceSecret":"secret-of-the-hall","deviceName":"Hall"}`,
        `{"deviceKey":"a"}`,
        `{"deviceKey":`,
        `{"deviceKey":"b/c"}`,
        ``,
        `{"deviceKey":"${"x".repeat(3000)}"}`,
        `{"deviceKey":"z"}`
      ]
      const { status, results } = yield* importLines("/v1/products/pk1/devices:import", lines.join("\n"))
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(
        results.map((result) => [result._tag, result.line]),
        [
          ["Imported", 1],
          ["Refused", 2],
          ["Refused", 3],
          ["Refused", 4],
          ["Refused", 6],
          ["Imported", 7],
          ["Done", undefined]
        ]
      )
      assert.deepStrictEqual(results.at(-1), { _tag: "Done", imported: 2, refused: 4 })
      assert.strictEqual(results[0].deviceSecret, "secret-of-the-hall")
      assert.match(results[3].reason, /^deviceKey: expected 1–64 of /)
      assert.strictEqual((yield* send("GET", "/v1/products/pk1/devices/a")).body.deviceName, "Hall")
      assert.strictEqual((yield* importLines("/v1/products/pk9/devices:import", "{}")).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("takes ten thousand devices", () =>
    Effect.gen(function* () {
      yield* createProduct
      const lines = Array.from({ length: 10_000 }, (_, i) => `{"deviceKey":"imei-${86_000_000 + i}"}\n`).join("")
      const { results } = yield* importLines("/v1/products/pk1/devices:import", lines)
      assert.deepStrictEqual(results.at(-1), { _tag: "Done", imported: 10_000, refused: 0 })
    }).pipe(Effect.provide(served()))
  )
})

describe("the API", () => {
  it.live("describes itself without a token and answers nothing else without one", () =>
    Effect.gen(function* () {
      const spec = JSON.parse(yield* (yield* HttpClient.get("/openapi.json")).text)
      assert.include(Object.keys(spec.paths), "/v1/products/{productKey}/devices/{deviceKey}:rotate-secret")
      assert.strictEqual((yield* HttpClient.get("/docs")).status, 200)
      assert.strictEqual((yield* HttpClient.get("/v1/products")).status, 401)
    }).pipe(Effect.provide(served()))
  )
})

describe("thing models", () => {
  const model = { modelId: "meter", attributes: {}, measurepoints: {}, services: {}, events: {} }

  it.live("say what attributes a device may be given: 1204 with field, expectation and what came", () =>
    Effect.gen(function* () {
      const attributes = {
        site: { isRequired: true, data: { dataType: "STRING" } },
        floor: { data: { dataType: "INT" } }
      }
      yield* send("POST", "/v1/models", { ...model, attributes })
      yield* send("POST", "/v1/products", { productName: "Meters", productKey: "pk1", modelId: "meter" })
      yield* send("POST", "/v1/products/pk1/devices", { deviceKey: "d" })
      const change = (body: object, query = "") => send("PATCH", `/v1/products/pk1/devices/d/attributes${query}`, body)
      for (const [body, field, expected, got] of [
        [{ site: 7 }, "attributes.site", "a string of 1–1024 bytes", "7"],
        [{ floor: 1.5 }, "attributes.floor", "a 32-bit integer", "1.5"],
        [{ site: null }, "attributes.site", "an attribute that may be missing", "a required one"],
        [{ roof: 1 }, "attributes.roof", "one of the model's attributes", undefined]
      ] as const) {
        const { body: problem, status } = yield* change(body)
        assert.strictEqual(status, 422, field)
        assert.deepInclude(problem, { code: 1204, modelId: "meter", modelVersion: 1, field, expected })
        if (got !== undefined) assert.strictEqual(problem.got, got)
        assert.strictEqual((yield* change(body, "?unchecked=true")).status, 200, field)
      }
      assert.strictEqual((yield* change({ site: "A1", floor: null })).status, 200)
      // Another version counts for the next change.
      yield* send("PUT", "/v1/models/meter", { ...model, attributes: { roof: { data: { dataType: "INT" } } } })
      assert.strictEqual((yield* change({ roof: 1 })).status, 200)
      assert.deepInclude((yield* change({ site: "A1" })).body, { code: 1204, modelVersion: 2 })
      const tags = yield* send("PATCH", "/v1/products/pk1/devices/d/tags", { anything: "x" })
      assert.strictEqual(tags.status, 200)
    }).pipe(Effect.provide(served()))
  )

  it.live("are created, replaced, listed and deleted", () =>
    Effect.gen(function* () {
      const created = yield* send("POST", "/v1/models", model)
      assert.strictEqual(created.status, 201)
      assert.deepStrictEqual(created.body.model, model)
      assert.strictEqual(created.body.version, 1)
      assert.strictEqual((yield* send("POST", "/v1/models", model)).status, 409)
      const points = { measurepoints: { temp: { hasQuality: true, data: { dataType: "DOUBLE" } } } }
      const replaced = yield* send("PUT", "/v1/models/meter", { ...model, ...points })
      assert.strictEqual(replaced.body.version, 2)
      assert.deepStrictEqual((yield* send("GET", "/v1/models/meter")).body, replaced.body)
      const { version, createdAt, updatedAt } = replaced.body
      assert.deepStrictEqual((yield* send("GET", "/v1/models")).body, {
        models: [{ modelId: "meter", version, createdAt, updatedAt }]
      })
      assert.strictEqual((yield* send("PUT", "/v1/models/meter", { ...model, modelId: "other" })).status, 422)
      assert.strictEqual((yield* send("PUT", "/v1/models/other", { ...model, modelId: "other" })).status, 404)
      assert.strictEqual((yield* send("DELETE", "/v1/models/meter")).status, 204)
      assert.strictEqual((yield* send("GET", "/v1/models/meter")).status, 404)
    }).pipe(Effect.provide(served()))
  )

  it.live("that are none are refused with the field and what was expected", () =>
    Effect.gen(function* () {
      const refused = yield* send("POST", "/v1/models", {
        ...model,
        measurepoints: { temp: { data: { dataType: "X" } } }
      })
      assert.strictEqual(refused.status, 400)
      assert.include(JSON.stringify(refused.body), "temp")
      assert.include(JSON.stringify(refused.body), "INT")
    }).pipe(Effect.provide(served()))
  )

  it.live("are referred to by products, 11699 if there is none, and stay while they are", () =>
    Effect.gen(function* () {
      const product = { productName: "Meters", productKey: "pk1", modelId: "meter" }
      const missing = yield* send("POST", "/v1/products", product)
      assert.strictEqual(missing.status, 404)
      assert.strictEqual(missing.body.code, 11_699)
      yield* send("POST", "/v1/models", model)
      assert.strictEqual((yield* send("POST", "/v1/products", product)).body.modelId, "meter")
      assert.strictEqual((yield* send("PATCH", "/v1/products/pk1", { modelId: "none" })).status, 404)
      assert.strictEqual((yield* send("DELETE", "/v1/models/meter")).status, 409)
      const changed = yield* send("PATCH", "/v1/products/pk1", { modelId: null })
      assert.strictEqual(changed.status, 200)
      assert.notProperty(changed.body, "modelId")
      assert.strictEqual((yield* send("DELETE", "/v1/models/meter")).status, 204)
    }).pipe(Effect.provide(served()))
  )
})
