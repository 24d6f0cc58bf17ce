import { eventually } from "@roost/testkit"
import { assert, describe, it } from "vitest"
import { createDevice, measurepointPost } from "../../src/Fixtures.ts"
import type { RunningRoost } from "../../src/RunningRoost.ts"

/** libcoap's client, in both of its builds, does what the contract page has a device do. */
export const coapClients = (running: RunningRoost): void => {
  for (const build of ["openssl", "gnutls"] as const) {
    describe(`coap-client over ${build}`, () => {
      it("posts and gets 2.04 with the EnOS reply (S112)", async () => {
        const device = await createDevice(running.roost, running.product, `post-${build}`)
        const response = await running.post(
          device,
          build,
          device.path("thing/measurepoint/post"),
          measurepointPost("77")
        )
        assert.strictEqual(response.code, "2.04", response.log)
        assert.strictEqual(response.payload.toString(), `{"id":"77","code":200,"data":{}}`)
        assert.isUndefined(response.announced)
      })

      it("uplink → Option 2100 → GET → reply → command succeeded (S113–S116)", async () => {
        const device = await createDevice(running.roost, running.product, `cmd-${build}`)
        await running.post(device, build, device.path("thing/measurepoint/post"), measurepointPost("1"))
        const accepted = await running.command(device, "measurepoints/temp:set", { value: 30.5, pendingTtl: 600 })
        assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
        const { commandId } = accepted.body
        const set = device.path("thing/service/measurepoint/set")
        const hinted = await eventually(
          () => running.post(device, build, device.path("thing/measurepoint/post"), measurepointPost("2")),
          ({ announced }) => announced !== undefined
        )
        assert.strictEqual(hinted.announced, set)
        const fetched = await running.ask(device, build, set)
        assert.strictEqual(fetched.code, "2.04", fetched.log)
        assert.deepStrictEqual(JSON.parse(fetched.payload.toString()), {
          id: commandId,
          version: "1.0",
          method: "thing.service.measurepoint.set",
          params: { temp: 30.5 }
        })
        const replied = await running.post(
          device,
          build,
          `${set}_reply`,
          JSON.stringify({ id: commandId, code: 200, data: {} })
        )
        assert.strictEqual(replied.code, "2.04")
        const state = await eventually(
          () => running.stateOf(commandId),
          ({ state }) => state === "succeeded"
        )
        assert.strictEqual(state.code, 200)
        const times = [state.createdAt, state.hintedAt, state.fetchedAt, state.repliedAt, state.finishedAt]
        assert.deepStrictEqual(
          times.toSorted((a, b) => a - b),
          times,
          "created, hinted, fetched, replied, finished"
        )
        assert.strictEqual((await running.ask(device, build, set)).code, "4.04", "nothing pending (S115)")
      })

      it("passes raw bytes both ways unchanged (S119)", async () => {
        const device = await createDevice(running.roost, running.product, `raw-${build}`)
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
        const stored = await running.post(device, build, device.path("thing/model/up_raw"), bytes)
        assert.strictEqual(stored.code, "2.04", stored.log)
        const accepted = await running.command(device, "raw?pendingTtl=600", bytes)
        assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
        const fetched = await eventually(
          () => running.ask(device, build, device.path("thing/model/down_raw")),
          ({ code }) => code === "2.04"
        )
        assert.deepStrictEqual([...fetched.payload], [...bytes])
        await running.post(device, build, device.path("thing/model/down_raw_reply"), Uint8Array.of(1))
        await eventually(
          () => running.stateOf(accepted.body.commandId),
          ({ state }) => state === "succeeded"
        )
      })

      it("attributes and tags: the device sets, the API reads and changes, the device queries", async () => {
        const device = await createDevice(running.roost, running.product, `props-${build}`)
        const say = async (path: string, params: unknown) => {
          const method = path.replaceAll("/", ".")
          const response = await running.post(
            device,
            build,
            device.path(path),
            JSON.stringify({ id: "1", version: "1.0", method, params })
          )
          assert.strictEqual(response.code, "2.04", response.log)
          return JSON.parse(response.payload.toString())
        }
        const url = `/v1/products/${running.product}/devices/${device.deviceKey}`
        await say("thing/attribute/update", { attributes: { site: "A1", limits: { high: 80 } } })
        assert.strictEqual((await running.roost.registry("GET", `${url}/attributes`)).body.limits.value.high, 80)
        const changed = await running.roost.registry("PATCH", `${url}/attributes`, { site: null, floor: 3 })
        assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
        const queried = await say("thing/attribute/query", { attributes: [] })
        assert.deepStrictEqual(queried, { id: "1", code: 200, data: { floor: 3, limits: { high: 80 } } })
        await say("thing/tag/update", [{ tagKey: "zone", tagValue: "north" }])
        assert.deepStrictEqual((await say("thing/tag/query", { tags: ["zone", "none"] })).data, { zone: "north" })
        await say("thing/tag/delete", { tags: ["zone"] })
        assert.deepStrictEqual((await running.roost.registry("GET", `${url}/tags`)).body, {})
        assert.strictEqual((await running.roost.registry("PATCH", `${url}/tags`, { "1x": "y" })).status, 400)
        assert.strictEqual(
          (await running.roost.registry("GET", `/v1/products/${running.product}/devices/none/tags`)).status,
          404
        )
      })

      it("takes a body of 20 kB in blocks, and gives one (S94, S95)", async () => {
        const device = await createDevice(running.roost, running.product, `blocks-${build}`)
        const points = { text: "x".repeat(20_000) }
        const path = device.path("thing/measurepoint/post")
        const stored = await running.post(device, build, path, measurepointPost("big", points), { block: 512 })
        assert.strictEqual(stored.code, "2.04", stored.log.slice(-2000))
        const accepted = await running.command(device, "services/update:invoke", {
          inputData: { text: "y".repeat(12_000) },
          pendingTtl: 600
        })
        assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
        const fetched = await eventually(
          () => running.ask(device, build, device.path("thing/service/update")),
          ({ code }) => code === "2.04"
        )
        assert.strictEqual(JSON.parse(fetched.payload.toString()).params.text.length, 12_000)
      })

      it("answers each wrong request with the contract's code and no payload", async () => {
        const device = await createDevice(running.roost, running.product, `codes-${build}`)
        const own = device.path("thing/measurepoint/post")
        const cases: ReadonlyArray<readonly [expected: string, path: string, more: object]> = [
          ["4.00", own, { method: "post", payload: "{bad json" }],
          [
            "4.03",
            `/topic/sys/${running.product}/other/thing/measurepoint/post`,
            { method: "post", payload: measurepointPost("1") }
          ],
          ["4.04", "/.well-known/core", {}],
          ["4.04", device.path("thing/nothing"), {}],
          ["4.05", own, { method: "put", payload: measurepointPost("1") }],
          ["4.05", own, {}],
          ["4.01", `/topic/ext/session/${running.product}/${device.deviceKey}/thing/activate/info`, {}],
          ["4.02", own, { method: "post", payload: measurepointPost("1"), options: ["9999,x"] }]
        ]
        for (const [expected, path, more] of cases) {
          const response = await running.ask(device, build, path, more)
          assert.strictEqual(response.code, expected, `${path}\n${response.log}`)
          assert.strictEqual(response.payload.length, 0, `${expected} has a payload`)
        }
      })

      it("answers a NON with a NON (contract §7.19)", async () => {
        const device = await createDevice(running.roost, running.product, `non-${build}`)
        const path = device.path("thing/measurepoint/post")
        const response = await running.post(device, build, path, measurepointPost("1"), { type: "non" })
        assert.match(response.log, /t:NON c:2\.04/)
      })
    })
  }
}
