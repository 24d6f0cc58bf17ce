import { assert, describe, it } from "@effect/vitest"
import { freeTcpPort, natsServer, temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { app, environment, ready, token } from "./support/RegistryProcess.ts"

interface Answer {
  readonly status: number
  // The test looks into whatever came.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

const caller = (base: string) => (method: string, path: string, body?: unknown) =>
  Effect.promise(async (): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(base + path, { method, headers, ...sent })
    const text = await response.text()
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) }
  })

/** As clients write it that sort the keys of objects, the other way round. */
const turned = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(turned)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([name, member]) => [name, turned(member)])
        )
      : value

const point = { desc: "p", data: { dataType: "DOUBLE" } }
const model = { modelId: "m", attributes: { a: point }, measurepoints: {}, services: {}, events: {} }
const device = "/v1/products/pk/devices/d"
const source = "function rawDataToJsonStr(bytes) { return '{}' }\nfunction jsonStrToRawData(text) { return [1] }"

describe("what reading gives", () => {
  it.live("is sent back and changes nothing, of everything that can be read and changed", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const port = yield* freeTcpPort
      const base = `http://127.0.0.1:${port}`
      yield* app(environment(nats, port, yield* temporaryDirectory))
      yield* ready(base)
      const call = caller(base)
      const make = (method: string, path: string, body: unknown) =>
        Effect.map(call(method, path, body), (made) => {
          assert.isBelow(made.status, 300, `${method} ${path}: ${JSON.stringify(made.body)}`)
          return made.body
        })

      yield* make("POST", "/v1/models", model)
      yield* make("POST", "/v1/products", { productName: "P", productKey: "pk", modelId: "m" })
      yield* make("POST", "/v1/products/pk:rotate-secret", { graceSeconds: 60 })
      yield* make("POST", "/v1/products/pk/devices", { deviceKey: "d" })
      // The model knows only one of these. A value that looks like one that was read is wrapped like one.
      const nested = { value: { value: 1, updatedAt: 2 }, updatedAt: 0 }
      const attributes = { a: 1.5, nested, list: [{ b: null, a: "ü" }], text: "1e400" }
      yield* make("PATCH", `${device}/attributes?unchecked=true`, attributes)
      yield* make("PATCH", `${device}/tags`, { site: "north", floor: "" })
      for (const productKey of ["drafted", "tested", "published", "fresh"]) {
        yield* make("POST", "/v1/products", { productName: "R", productKey, dataFormat: "Custom" })
        if (productKey !== "fresh") yield* make("PUT", `/v1/products/${productKey}/script`, { source })
        if (productKey === "drafted" || productKey === "fresh") continue
        yield* make("POST", `/v1/products/${productKey}/script:test`, { raw: "00" })
        if (productKey === "published") yield* make("POST", `/v1/products/${productKey}/script:publish`, {})
      }
      const hook = { url: "http://127.0.0.1:9/", kinds: ["presence", "command"], productKey: "pk", deviceKey: "d" }
      const { webhookId } = yield* make("POST", "/v1/webhooks", hook)
      const target = { type: "postgres", url: "postgres://u@127.0.0.1:9/d", password: "secret", table: "a.b" }
      const out = {
        name: "out",
        kinds: ["uplink", "log"],
        productKey: "pk",
        deviceKey: "d",
        script: "1",
        from: 5,
        target
      }
      const { sinkId } = yield* make("POST", "/v1/sinks", out)

      const scripts = ["pk", "fresh", "drafted", "tested", "published"].map((key) => `/v1/products/${key}/script`)
      const resources: Readonly<Record<string, ReadonlyArray<string>>> = {
        "/v1/models/{modelId}": ["/v1/models/m"],
        "/v1/products/{productKey}": ["/v1/products/pk", "/v1/products/published"],
        "/v1/products/{productKey}/devices/{deviceKey}": [device],
        "/v1/products/{productKey}/devices/{deviceKey}/attributes": [`${device}/attributes`],
        "/v1/products/{productKey}/devices/{deviceKey}/tags": [`${device}/tags`],
        "/v1/products/{productKey}/script": scripts,
        "/v1/sinks/{sinkId}": [`/v1/sinks/${sinkId}`],
        "/v1/webhooks/{webhookId}": [`/v1/webhooks/${webhookId}`]
      }
      const { paths } = (yield* call("GET", "/openapi.json")).body
      const changed = (item: object) => ["PUT", "PATCH"].find((method) => method.toLowerCase() in item)
      const changeable = Object.keys(paths).filter((path) => "get" in paths[path] && changed(paths[path]) !== undefined)
      assert.deepStrictEqual(changeable.toSorted(), Object.keys(resources).toSorted())

      for (const [path, instances] of Object.entries(resources)) {
        for (const instance of instances) {
          const read = yield* call("GET", instance)
          assert.strictEqual(read.status, 200, instance)
          for (const body of [read.body, turned(read.body)]) {
            const answer = yield* call(changed(paths[path])!, instance, body)
            assert.strictEqual(answer.status, 200, `${instance}: ${JSON.stringify(answer.body)}`)
            assert.deepStrictEqual((yield* call("GET", instance)).body, read.body, instance)
          }
        }
      }

      const lists = { products: "/v1/products", devices: "/v1/products/pk/devices", webhooks: "/v1/webhooks" }
      for (const [name, path] of Object.entries(lists)) {
        const item = (yield* call("GET", path)).body[name].at(-1)
        const key = item.webhookId ?? item.deviceKey ?? item.productKey
        assert.strictEqual((yield* call("PATCH", `${path}/${key}`, item)).status, 200, path)
      }

      // A value that was read and then changed is changed, the rest keeps its time.
      const before = (yield* call("GET", `${device}/tags`)).body
      const after = yield* make("PATCH", `${device}/tags`, { ...before, site: { ...before.site, value: "south" } })
      assert.strictEqual(after.site.value, "south")
      assert.deepStrictEqual(after.floor, before.floor)
    })
  )
})
