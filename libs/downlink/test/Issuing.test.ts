import { assert, describe, it } from "@effect/vitest"
import { Buckets, commandKey, placeOf } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { device, instance, settled, world } from "./support/World.ts"

const hour = 3_600

describe("issuing a command", () => {
  it.live("stores it before it answers 202, as the entry that the device's actor reads", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { nats } = yield* world(server, ["imei:1.a"])
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("imei:1.a")}/measurepoints/temp:set`, {
        value: 3,
        pendingTtl: hour
      })
      assert.strictEqual(answer.status, 202)
      assert.strictEqual(answer.body.state, "created")
      const key = commandKey(answer.body.commandId)!
      assert.isTrue(key.startsWith(`${placeOf("pk", "imei:1.a").partition}.`))
      const stored = yield* Effect.promise(() =>
        nats.manager.streams.getMessage(`KV_${Buckets.commands.name}`, { last_by_subj: `$KV.COMMANDS.${key}` })
      )
      const entry = stored!.json<{ payload: string; expiresAt: number; createdAt: number; topic: string }>()
      assert.strictEqual(entry.topic, "/sys/pk/imei:1.a/thing/service/measurepoint/set")
      assert.strictEqual(entry.expiresAt - entry.createdAt, hour * 1000)
      assert.deepStrictEqual(JSON.parse(Buffer.from(entry.payload, "base64").toString()), {
        id: answer.body.commandId,
        version: "1.0",
        method: "thing.service.measurepoint.set",
        params: { temp: 3 }
      })
    })
  )

  it.live("takes gets, service calls and raw bytes, and refuses what is no such call with 400", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const statuses: Array<number> = []
      const at = device("d")
      const raw = Uint8Array.of(0, 255, 7)
      const sent = yield* one.call("POST", `${at}/raw?pendingTtl=60&timeout=5`, raw)
      const command = (yield* one.call("GET", `/v1/commands/${sent.body.commandId}`)).body
      assert.deepInclude(command, {
        payload: Buffer.from(raw).toString("base64"),
        timeout: 5,
        pendingTtl: 60,
        kind: "raw"
      })
      for (const [path, body] of [
        ["measurepoints:get", { ids: ["a", "b"], pendingTtl: 60 }],
        ["services/reboot:invoke", { inputData: { now: true }, pendingTtl: 172_800, timeout: 60 }],
        ["ota:upgrade", { version: "2", fileUrl: "https://f.example/2", fileSize: 1, sign: "ab", pendingTtl: 60 }],
        ["services/reboot:invoke", { inputData: {}, pendingTtl: 172_801 }],
        ["services/reboot:invoke", { inputData: {}, pendingTtl: 60, timeout: 61 }],
        ["services/reboot_reply:invoke", { inputData: {}, pendingTtl: 60 }],
        ["measurepoints:get", { ids: [], pendingTtl: 60 }],
        ["measurepoints/a%2Fb:set", { value: 1, pendingTtl: 60 }]
      ] as const) {
        statuses.push((yield* one.call("POST", `${at}/${path}`, body)).status)
      }
      assert.deepStrictEqual(statuses, [202, 202, 202, 400, 400, 400, 400, 400])
    })
  )

  it.live("says why a device can't have one, with EnOS's code", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { registered } = yield* world(server, ["ok", "inactive", "disabled", "custom"])
      registered.set("inactive", { _tag: "Found", status: "inactive", activated: false, dataFormat: "Json" })
      registered.set("disabled", { _tag: "Found", status: "disabled", activated: true, dataFormat: "Json" })
      registered.set("custom", { _tag: "Found", status: "offline", activated: true, dataFormat: "Custom" })
      const one = yield* instance(server)
      const ask = (deviceKey: string, value: unknown = 1) =>
        one
          .call("POST", `${device(deviceKey)}/measurepoints/p:set`, { value, pendingTtl: 60 })
          .pipe(Effect.map(({ status, body }) => [status, body.type.slice("urn:roost:problem:".length), body.code]))
      assert.deepStrictEqual(yield* ask("unknown"), [404, "no-such-device", 11_705])
      assert.deepStrictEqual(yield* ask("inactive"), [409, "device-not-activated", 11888])
      assert.deepStrictEqual(yield* ask("disabled"), [409, "device-disabled", 11_723])
      assert.deepStrictEqual(yield* ask("custom"), [422, "not-encodable", 11810])
      assert.deepStrictEqual(yield* ask("ok", "x".repeat(20_000)), [422, "not-encodable", 11810])
    })
  )

  it.live("takes a command right after the first handshake, of which the registry has not heard yet", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { online, registered } = yield* world(server, ["d"])
      registered.set("d", { _tag: "Found", status: "inactive", activated: false, dataFormat: "Json" })
      online.add("d")
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, pendingTtl: 60 })
      assert.strictEqual(answer.status, 202)
    })
  )

  it.live("says 503 while no registry answers", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, pendingTtl: 60 })
      assert.deepStrictEqual([answer.status, answer.body.detail], [503, "The registry does not answer."])
    })
  )

  it.live("fails an instant command for an offline device at once with 11900, and keeps it on record", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1 })
      assert.deepStrictEqual([answer.status, answer.body.code], [409, 11900])
      const recorded = yield* one.call("GET", `/v1/commands/${answer.body.commandId}`)
      assert.deepInclude(recorded.body, { state: "failed", code: 11900 })
    })
  )

  it.live("holds an instant command for an online device for its timeout, then fails it with 11904", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { online } = yield* world(server, ["d"])
      online.add("d")
      const one = yield* instance(server)
      const { status, body } = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, timeout: 1 })
      assert.deepStrictEqual([status, body.state], [202, "created"])
      const ended = yield* settled(one, body.commandId, "failed")
      assert.strictEqual(ended.code, 11904)
      assert.isAtLeast(ended.finishedAt - ended.createdAt, 1_000)
    })
  )
})
