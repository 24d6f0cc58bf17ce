import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createProduct } from "../src/Fixtures.ts"
import { WebhookReceiver } from "../src/WebhookReceiver.ts"

// An application's events over HTTP: real processes, devices in software, a reader of server-sent events.

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start({ env: { ROOST_WEBHOOK_PRIVATE: "true" } })
  for (const product of ["pkEvents", "pkOther"]) await createProduct(roost, product, {})
})
afterAll(() => roost?.[Symbol.asyncDispose]())

interface Heard {
  readonly id: string
  readonly event: string
  // The tests look into whatever came.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
}

/** Reads until it is left. */
class Reader {
  readonly heard: Array<Heard> = []
  readonly #abort = new AbortController()

  static async open(query: string, lastEventId?: string): Promise<Reader> {
    const reader = new Reader()
    const response = await fetch(`${roost.registryUrl}/v1/events${query}`, {
      headers: {
        authorization: `Bearer ${roost.token}`,
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId })
      },
      signal: reader.#abort.signal
    })
    assert.strictEqual(response.status, 200)
    assert.match(response.headers.get("content-type")!, /^text\/event-stream/)
    void reader.#read(response).catch(() => undefined)
    return reader
  }

  async #read(response: Response): Promise<void> {
    let text = ""
    for await (const bytes of response.body!) {
      text += Buffer.from(bytes).toString("utf8")
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const fields = new Map(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => line.split(/: (.*)/s) as [string, string])
        )
        text = text.slice(end + 2)
        if (!fields.has("event")) continue
        this.heard.push({ id: fields.get("id")!, event: fields.get("event")!, data: JSON.parse(fields.get("data")!) })
      }
    }
  }

  async hears(count: number): Promise<ReadonlyArray<Heard>> {
    await eventually(
      () => Promise.resolve(this.heard.length),
      (heard) => heard >= count
    )
    return this.heard
  }

  leave(): void {
    this.#abort.abort()
  }
}

const connected = async (productKey: string, deviceKey: string): Promise<Device> => {
  const { body } = await roost.registry("POST", `/v1/products/${productKey}/devices`, { deviceKey })
  const onCommand = () => ({ code: 200, data: { done: true } })
  const device = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey, deviceKey, onCommand })
  await device.connect(body.deviceSecret)
  return device
}

describe("webhooks", () => {
  it("are told the results of commands, by real processes", async () => {
    using receiver = await WebhookReceiver.start()
    const { bodies, url } = receiver
    const made = await roost.registry("POST", "/v1/webhooks", { url, kinds: ["command"], productKey: "pkEvents" })
    assert.strictEqual(made.status, 201)
    assert.isString(made.body.secret)
    const listed = await roost.registry("GET", "/v1/webhooks")
    assert.notProperty(listed.body.webhooks[0], "secret")
    assert.strictEqual(
      (await roost.registry("POST", "/v1/webhooks", { url: "ftp://x", kinds: ["command"] })).status,
      400
    )
    const device = await connected("pkEvents", "hooked")
    const service = "/v1/products/pkEvents/devices/hooked/services/reset:invoke"
    const { body } = await roost.downlink("POST", service, { inputData: {}, pendingTtl: 60 })
    await eventually(
      () => device.report({ temp: 21 }).then(() => bodies),
      (received) => received.length > 0
    )
    const [event] = JSON.parse(bodies[0]!).events
    assert.deepInclude(event, { type: "command", commandId: body.commandId, state: "succeeded", identifier: "reset" })
    const path = `/v1/webhooks/${made.body.webhookId}`
    assert.deepStrictEqual((await roost.registry("GET", `${path}/dead`)).body, { dead: [] })
    assert.deepStrictEqual((await roost.registry("POST", `${path}/dead:replay`)).body, { replayed: 0 })
    assert.strictEqual((await roost.registry("GET", "/v1/webhooks/none/dead")).status, 404)
    assert.strictEqual((await roost.registry("PATCH", path, { url: "ftp://x" })).status, 400)
    const moved = await roost.registry("PATCH", path, { url: `${url}moved` })
    assert.deepInclude(moved.body, { url: `${url}moved`, createdAt: made.body.createdAt })
    assert.notProperty(moved.body, "secret")
    assert.strictEqual((await roost.registry("DELETE", path)).status, 204)
    assert.strictEqual((await roost.registry("GET", `/v1/webhooks/${made.body.webhookId}`)).status, 404)
    await device.close()
  })
})

describe("server-sent events", () => {
  it("bring uplinks, presence and results of commands of one device, and of no other", async () => {
    const reader = await Reader.open("?productKey=pkEvents&deviceKey=d.1")
    const other = await connected("pkOther", "d.1")
    await other.report({ temp: 0 })
    const device = await connected("pkEvents", "d.1")
    await reader.hears(1)
    const path = "/v1/products/pkEvents/devices/d.1/measurepoints/limit:set"
    assert.strictEqual((await roost.downlink("POST", path, { value: 3, pendingTtl: 60 })).status, 202)
    await eventually(
      () => device.report({ temp: 21 }).then(() => reader.heard),
      (heard) => heard.some(({ event }) => event === "command")
    )
    const [first] = reader.heard
    assert.deepInclude(first, { event: "presence" })
    assert.deepInclude(first!.data, { productKey: "pkEvents", deviceKey: "d.1", state: "online", cause: "handshake" })
    const uplink = reader.heard.find(({ event }) => event === "uplink")!
    assert.deepInclude(uplink.data, { kind: "measurepoint", method: "thing.measurepoint.post" })
    assert.deepStrictEqual(uplink.data.payload.params.measurepoints, { temp: 21 })
    const command = reader.heard.find(({ event }) => event === "command")!
    assert.deepInclude(command.data, { state: "succeeded", identifier: "limit", code: 200 })
    assert.notProperty(command.data, "payload")
    for (const { data } of reader.heard) assert.strictEqual(data.productKey, "pkEvents")
    reader.leave()
    await Promise.all([device.close(), other.close()])
  })

  it("go on where Last-Event-ID was, without a gap and without a repetition", async () => {
    const device = await connected("pkEvents", "again")
    const query = "?kinds=uplink&product=pkEvents&device=again"
    const first = await Reader.open(query)
    // The reader's consumer is made a moment after its response has begun.
    await eventually(
      () => device.report({ n: 0 }).then(() => first.heard.length),
      (heard) => heard > 0
    )
    for (let n = 1; n <= 3; n++) await device.report({ n })
    await eventually(
      () => Promise.resolve(first.heard.at(-1)?.data.payload.params.measurepoints.n),
      (n) => n === 3
    )
    first.leave()
    const ids = first.heard.map(({ id }) => id)
    for (let n = 4; n <= 6; n++) await device.report({ n })
    const again = await Reader.open(query, ids.at(-2))
    const seen = await again.hears(4)
    assert.deepStrictEqual(
      seen.map(({ data }) => data.payload.params.measurepoints.n),
      [3, 4, 5, 6]
    )
    assert.strictEqual(seen[0]!.id, ids.at(-1))
    again.leave()
    await device.close()
  })

  it("say what is wrong with a request", async () => {
    const status = async (query: string, headers: Record<string, string>) =>
      (await fetch(`${roost.registryUrl}/v1/events${query}`, { headers })).status
    const authorization = `Bearer ${roost.token}`
    assert.strictEqual(await status("", {}), 401)
    assert.strictEqual(await status("", { authorization: "Bearer wrong" }), 401)
    assert.strictEqual(await status("?kinds=everything", { authorization }), 400)
    assert.strictEqual(await status("", { authorization, "last-event-id": "42" }), 400)
    assert.strictEqual(await status("?productkey=pkEvents", { authorization }), 400)
    assert.strictEqual(await status("?productKey=nope", { authorization }), 404)
    assert.strictEqual(await status("?product=nope", { authorization }), 404)
  })

  // The last one: there is no registry after it.
  it("end when the service stops, and do not hold it up", async () => {
    const response = await fetch(`${roost.registryUrl}/v1/events`, {
      headers: { authorization: `Bearer ${roost.token}` }
    })
    const text = response.text()
    assert.isTrue(await roost.apps.find(({ app }) => app === "registry")!.stop("SIGTERM"))
    // The server cuts what does not end in 20 s: then there is no text.
    assert.match(await text, /event: stopped\n/)
  })
})
