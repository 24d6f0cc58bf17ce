import { assert, describe, it } from "@effect/vitest"
import { decodeString, findOption, OptionNumber } from "@roost/coap"
import { ContentType } from "@roost/dtls"
import { type CoapSession, udpNat } from "@roost/testkit"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { builtClients } from "../src/clients/BuiltClients.ts"
import { createDevice, createProduct, eventually, measurepointPost, type TestDevice } from "../src/Fixtures.ts"
import { RoostProcesses } from "../src/RoostProcesses.ts"

const productKey = "interop"
const suites = ["CCM_8", "CBC_SHA256"] as const
const names = (process.env["ROOST_INTEROP_CLIENTS"] ?? "").split(",")

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start()
  await createProduct(roost, productKey)
})
afterAll(() => roost[Symbol.asyncDispose]())

const device = (name: string) =>
  Effect.promise(() => createDevice(roost, productKey, name.replaceAll(/[^A-Za-z0-9]+/g, "-")))

const report = Effect.fnUntraced(function* (session: CoapSession, { path }: TestDevice, id: string, text = "") {
  const payload = new Uint8Array(Buffer.from(measurepointPost(id, { text })))
  const response = yield* session.request({ method: "POST", path: path("thing/measurepoint/post"), payload })
  assert.strictEqual(response.code, "2.04")
  assert.strictEqual(Buffer.from(response.payload).toString(), `{"id":"${id}","code":200,"data":{}}`)
  return response
})

describe.each(builtClients.filter(({ name }) => names.includes(name)))("$name", (client) => {
  it.live.each(suites)("110–112 handshakes with %s, posts twice, is answered", (suite) =>
    Effect.gen(function* () {
      const meter = yield* device(`${client.name} ${suite}`)
      const { identity, psk } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite })
      yield* report(session, meter, "1")
      yield* report(session, meter, "2")
    })
  )

  it.live("113–116 is told of a command, fetches it and replies", () =>
    Effect.gen(function* () {
      const meter = yield* device(`${client.name} command`)
      const { identity, psk, path } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite: "CCM_8" })
      yield* report(session, meter, "1")
      const accepted = yield* Effect.promise(() =>
        roost.downlink("POST", `/v1/products/${productKey}/devices/${meter.deviceKey}/measurepoints/temp:set`, {
          value: 30.5,
          pendingTtl: 600
        })
      )
      assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
      const set = path("thing/service/measurepoint/set")
      const hint = yield* Effect.promise(() =>
        eventually(
          () => Effect.runPromise(report(session, meter, "2")),
          ({ options }) => findOption(options, OptionNumber.PendingCommand) !== undefined
        )
      )
      assert.strictEqual(decodeString(findOption(hint.options, OptionNumber.PendingCommand)!.value), set)
      const fetched = yield* session.request({ method: "GET", path: set })
      const { id } = JSON.parse(Buffer.from(fetched.payload).toString()) as { id: string }
      assert.strictEqual(id, accepted.body.commandId)
      const payload = new Uint8Array(Buffer.from(JSON.stringify({ id, code: 200, data: {} })))
      assert.strictEqual((yield* session.request({ method: "POST", path: `${set}_reply`, payload })).code, "2.04")
    })
  )

  it.live.each(client.connectionIdSuites)(
    "R6 goes on behind a NAT that moved it, by its connection id, with %s",
    (suite) =>
      Effect.gen(function* () {
        const meter = yield* device(`${client.name} nat ${suite}`)
        const nat = yield* udpNat({ port: roost.udpPort })
        const { identity, psk } = meter
        const session = yield* client.connect({ port: nat.port, identity, psk, suite, connectionIdBytes: 5 })
        yield* report(session, meter, "0")
        const before = nat.passed.length
        for (const id of ["1", "2", "3"]) {
          yield* nat.rebind
          yield* report(session, meter, id)
        }
        assert.isTrue(nat.passed.slice(before).every(([, contentType]) => contentType === ContentType.tls12_cid))
      })
  )

  it.live("95 sends a body of 5 kB in blocks of 256 bytes", () =>
    Effect.gen(function* () {
      const meter = yield* device(`${client.name} blocks`)
      const { identity, psk } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite: "CCM_8", blockBytes: 256 })
      yield* report(session, meter, "1", "x".repeat(5_000))
    })
  )

  it.live("F21 gets no session with a wrong key", () =>
    Effect.gen(function* () {
      const { identity, path } = yield* device(`${client.name} wrong`)
      const psk = new Uint8Array(16).fill(1)
      const options = { port: roost.udpPort, identity, psk, suite: "CCM_8", withinMillis: 3_000 } as const
      const error = yield* client.connect(options).pipe(
        Effect.flatMap((session) => session.request({ method: "GET", path: path("thing/model/down_raw") })),
        Effect.flip
      )
      assert.strictEqual(error.reason, "NoSession")
    })
  )
})
