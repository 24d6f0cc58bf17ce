import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { eventually, RoostProcesses } from "@roost/testkit"
import { readFileSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct } from "../src/Fixtures.ts"
import { Device } from "@roost/device"

// A raw product from its script to its devices: real processes, a device in software that speaks bytes.

const source = readFileSync(new URL("../../../examples/raw-script/meter.js", import.meta.url), "utf8")
/** The post of enos-protocol §5. */
const postHex =
  "0100000014010004000025f502000a6162636465666768696a0300083ff23d70a3d70a3d0400140000000100000003000000050000000700000009050005000001a703"
const product = "pkRaw"
const script = `/v1/products/${product}/script`

let roost: RoostProcesses

describe.each([
  { registries: 1, database: "SQLite" },
  { registries: 2, database: "PostgreSQL" }
])("a raw product, $registries × registry on $database,", ({ registries }) => {
  beforeAll(async () => {
    roost = await RoostProcesses.start({ registries })
    await createProduct(roost, product, { dataFormat: "Custom" })
    await createProduct(roost, "pkJson", {})
  })
  afterAll(() => roost?.[Symbol.asyncDispose]())

  it("has its script saved, tested, and only then published; versions can be rolled back", async () => {
    assert.strictEqual((await roost.registry("PUT", "/v1/products/pkJson/script", { source })).status, 409)
    assert.strictEqual((await roost.registry("POST", `${script}:test`, { raw: "01" })).status, 404)
    await roost.registry("PUT", script, { source: "function (" })
    const broken = await roost.registry("POST", `${script}:test`, { raw: "01" })
    assert.match(broken.body.failure.message, /SyntaxError/)
    assert.strictEqual((await roost.registry("POST", `${script}:publish`, {})).status, 409)
    await roost.registry("PUT", script, { source })
    const up = await roost.registry("POST", `${script}:test`, { raw: postHex })
    assert.deepInclude(up.body.message.params.measurepoints, { mp_int: 9717, mp_string: "abcdefghij" })
    const down = await roost.registry("POST", `${script}:test`, { message: { id: 20, code: 200, data: "" } })
    assert.deepStrictEqual(down.body, { raw: "0000001400c8" })
    const published = await roost.registry("POST", `${script}:publish`, {})
    assert.strictEqual(published.body.published.version, 1)
    const again = await roost.registry("POST", `${script}:publish`, { version: 1 })
    assert.deepStrictEqual(
      again.body.versions.map(({ current, version }: { current: boolean; version: number }) => [version, current]),
      [
        [2, true],
        [1, false]
      ]
    )
  })

  it("has its devices' bytes stored as JSON, and their answers and commands in bytes", async () => {
    const { deviceSecret } = await createDevice(roost, product, "meter")
    const commands: Array<string> = []
    const device = new Device({
      host: "127.0.0.1",
      port: roost.udpPort,
      productKey: product,
      deviceKey: "meter",
      // The service's reply: its id, code 200, output 14.
      onCommand: ({ payload }) => {
        commands.push(Buffer.from(payload).toString("hex"))
        return Buffer.concat([payload.subarray(0, 5), Buffer.from("c80000000e", "hex")])
      }
    })
    await device.connect(deviceSecret)
    const upRaw = `/sys/${product}/meter/thing/model/up_raw`
    const answer = await eventually(
      () => device.post(upRaw, Buffer.from(postHex, "hex")),
      // A node hears of a published script a moment later; until then bytes pass as they are.
      ({ payload }) => payload.length > 0
    )
    assert.strictEqual(Buffer.from(answer.payload).toString("hex"), "0000001400c8")
    const nats = await connect({ servers: roost.natsUrl })
    const subject = `roost.uplink.${product}.meter.measurepoint`
    const stored = await (await jetstreamManager(nats)).streams.getMessage("UPLINK", { last_by_subj: subject })
    const message = JSON.parse(stored!.string())
    assert.strictEqual(message.params.measurepoints.mp_double, 1.14)
    assert.strictEqual(stored!.header.get("Roost-Method"), "thing.measurepoint.post")
    await nats.close()
    const path = `/v1/products/${product}/devices/meter/services/service1:invoke`
    const issued = await roost.downlink("POST", path, { inputData: { input_int: 12 }, pendingTtl: 60 })
    assert.strictEqual(issued.status, 202)
    const done = await eventually(
      async () => {
        await device.post(upRaw, Buffer.from(postHex, "hex"))
        return roost.downlink("GET", `/v1/commands/${issued.body.commandId}`)
      },
      ({ body }) => body.state === "succeeded"
    )
    assert.lengthOf(commands, 1)
    assert.match(commands[0]!, /^11[0-9a-f]{8}0000000c$/)
    assert.deepStrictEqual(done.body.data, { output_int: 14 })
    assert.deepStrictEqual([done.body.identifier, done.body.inputData], ["service1", { input_int: 12 }])
    assert.strictEqual(Buffer.from(done.body.payload, "base64").toString("hex"), commands[0])
    const unknown = `/v1/products/${product}/devices/meter/services/other:invoke`
    const refused = await roost.downlink("POST", unknown, { inputData: {}, pendingTtl: 60 })
    assert.deepStrictEqual([refused.status, refused.body.code], [422, 11_810])
    assert.include(refused.body.detail, "unknown method")
    await device.close()
  })
})
