import { jetstream, jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import {
  blockOption,
  Code,
  decode,
  decodeBlock,
  encode,
  findOption,
  type Option,
  OptionNumber,
  stringOption
} from "@roost/coap"
import { placeOf, Subjects } from "@roost/contracts"
import { Device, SecureLink } from "@roost/device"
import {
  erlangClient,
  eventually,
  missing,
  opensslSession,
  RoostProcesses,
  type Suite,
  type ThirdPartyClient,
  thirdPartyClients
} from "@roost/testkit"
import { Effect, Result } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct, measurepointPost, type TestDevice } from "../src/Fixtures.ts"

// Clients that others wrote, against four processes: two session-actors that divide the partitions, two edges.

let roost: RoostProcesses
let nats: NatsConnection
const product = "pkThird"
/** For an interpreter to start and its handshake, on a busy machine. */
const startMillisMax = 60_000

beforeAll(async () => {
  roost = await RoostProcesses.start({ actors: 2, edges: 2, downlinks: 2 })
  nats = await connect({ servers: roost.natsUrl })
  await createProduct(roost, product)
})
afterAll(async () => {
  await nats?.close()
  await roost?.[Symbol.asyncDispose]()
})

const suitesOf = ({ suites }: ThirdPartyClient): ReadonlyArray<Suite> =>
  suites === "server's choice" ? ["CCM_8"] : suites
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload)
const command = (device: TestDevice, path: string, body: unknown, instance = 0) =>
  roost.downlink("POST", `/v1/products/${device.productKey}/devices/${device.deviceKey}/${path}`, body, instance)

/** How many commands the device's actor has mirrored: from then on it announces and hands them out. */
const pendingAtActor = async ({ deviceKey, productKey }: TestDevice): Promise<number | undefined> => {
  const subject = Subjects.device(placeOf(productKey, deviceKey).partition)
  const answer = await nats.request(subject, JSON.stringify({ productKey, deviceKey, ask: "status" }))
  return answer.json<{ pending?: number }>().pending
}

for (const client of thirdPartyClients) {
  for (const suite of suitesOf(client)) {
    describe(`${client.name}, ${suite}`, () => {
      it("is on this machine", () => {
        if (client.program === undefined) return
        assert.isUndefined(missing(client.program as never), `missing: ${client.name}`)
      })

      const row = client === erlangClient ? " (trust G1)" : ""
      it(`does the contract: posts, hears of two commands, fetches, replies; raw bytes${row}`, async () => {
        const name = `${client.name}-${suite}`.replaceAll(/[^A-Za-z0-9-]/g, "-").slice(0, 60)
        const device = await createDevice(roost, product, name)
        const set = device.path("thing/service/measurepoint/set")
        const states: Array<string> = []
        await Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const { identity, psk } = device
              const session = yield* client.connect({
                port: roost.udpPort,
                identity,
                psk,
                suite,
                withinMillis: startMillisMax
              })
              const post = (path: string, payload: Uint8Array) => session.request({ method: "POST", path, payload })
              const posted = yield* post(device.path("thing/measurepoint/post"), bytes(measurepointPost("1")))
              assert.strictEqual(posted.code, "2.04", session.output())
              assert.strictEqual(text(posted.payload), `{"id":"1","code":200,"data":{}}`)

              const accepted = yield* Effect.promise(async () => [
                await command(device, "measurepoints/a:set", { value: 1, pendingTtl: 600 }, 0),
                await command(device, "measurepoints/b:set", { value: 2, pendingTtl: 600 }, 1)
              ])
              for (const { status, body } of accepted) assert.strictEqual(status, 202, JSON.stringify(body))
              yield* Effect.promise(() =>
                eventually(
                  () => pendingAtActor(device),
                  (pending) => pending === 2
                )
              )
              const hinted = yield* post(device.path("thing/measurepoint/post"), bytes(measurepointPost("2")))
              const announced = hinted.options.find(({ number }) => number === OptionNumber.PendingCommand)
              assert.strictEqual(announced === undefined ? "" : text(announced.value), set, session.output())
              for (const expected of accepted) {
                const fetched = yield* session.request({ method: "GET", path: set })
                assert.strictEqual(fetched.code, "2.04", session.output())
                const { id } = JSON.parse(text(fetched.payload)) as { id: string }
                assert.strictEqual(id, expected.body.commandId)
                const replied = yield* post(`${set}_reply`, bytes(JSON.stringify({ id, code: 200, data: {} })))
                assert.strictEqual(replied.code, "2.04")
                states.push(id)
              }
              const raw = yield* post(device.path("thing/model/up_raw"), Uint8Array.of(0, 1, 254, 255))
              assert.strictEqual(raw.code, "2.04")
              const foreign = yield* post(
                `/topic/sys/${product}/other/thing/measurepoint/post`,
                bytes(measurepointPost("3"))
              )
              assert.strictEqual(foreign.code, "4.03")
            })
          )
        )
        for (const id of states) {
          await eventually(
            async () => (await roost.downlink("GET", `/v1/commands/${id}`, undefined, 1)).body,
            ({ state }) => state === "succeeded"
          )
        }
      })
    })
  }
}

describe("the same CON five times (C7)", () => {
  it("is stored once and answered with identical bytes", async () => {
    const device = await createDevice(roost, product, "repeats")
    const path = device.path("thing/measurepoint/post").slice(1).split("/")
    const message = encode({
      type: "CON",
      code: Code.Post,
      messageId: 4711,
      token: Uint8Array.of(1, 2, 3),
      options: path.map((segment) => stringOption(OptionNumber.UriPath, segment)),
      payload: bytes(measurepointPost("once"))
    }).slice()
    const answers = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { identity, psk } = device
          const session = yield* opensslSession({ port: roost.udpPorts[1]!, identity, psk, suite: "CBC_SHA256" })
          const received: Array<string> = []
          for (let i = 0; i < 5; i++) {
            yield* session.send(message)
            received.push(Buffer.from(yield* session.receive).toString("hex"))
          }
          return received
        })
      )
    )
    assert.strictEqual(new Set(answers).size, 1)
    const manager = await jetstreamManager(nats)
    const { state } = await manager.streams.info("UPLINK", { subjects_filter: `roost.uplink.${product}.repeats.>` })
    assert.deepStrictEqual(Object.values(state.subjects ?? {}), [1])
  })
})

describe("a device that reads small records", () => {
  const value = "v".repeat(600)
  const issue = async (device: TestDevice) => {
    const { status } = await command(device, "measurepoints/a:set", { value, pendingTtl: 600 })
    assert.strictEqual(status, 202)
    await eventually(
      () => pendingAtActor(device),
      (pending) => pending === 1
    )
  }

  it.each([512, 1024] as const)(
    "openssl -maxfraglen %i fetches a large command in blocks (trust E1)",
    async (maxFragmentLength) => {
      const device = await createDevice(roost, product, `openssl-${maxFragmentLength}`)
      const topic = device.path("thing/service/measurepoint/set")
      const options = topic
        .slice(1)
        .split("/")
        .map((segment) => stringOption(OptionNumber.UriPath, segment))
      const get = (messageId: number, block: ReadonlyArray<Option>) =>
        encode({
          type: "CON",
          code: Code.Get,
          messageId,
          token: Uint8Array.of(7),
          options: [...options, ...block],
          payload: bytes("")
        })
      const body = await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const { identity, psk } = device
            const session = yield* opensslSession({
              port: roost.udpPort,
              identity,
              psk,
              suite: "CCM_8",
              maxFragmentLength
            })
            const posted = yield* session.request({
              method: "POST",
              path: device.path("thing/measurepoint/post"),
              payload: bytes(measurepointPost("1"))
            })
            assert.strictEqual(posted.code, "2.04")
            yield* Effect.promise(() => issue(device))
            let received = ""
            let next: ReadonlyArray<Option> = []
            for (let messageId = 1; ; messageId++) {
              yield* session.send(get(messageId, next))
              const message = Result.getOrThrow(decode(yield* session.receive))
              received += text(message.payload)
              const block2 = findOption(message.options, OptionNumber.Block2)
              const block = block2 && decodeBlock(block2.value)
              if (messageId === 1) assert.strictEqual(block !== undefined, maxFragmentLength === 512)
              if (block?.more !== true) return received
              next = [blockOption(OptionNumber.Block2, { num: block.num + 1, more: false, szx: block.szx })]
            }
          })
        )
      )
      assert.strictEqual(JSON.parse(body).params.a, value)
    }
  )

  it.each([{ maxFragmentLength: 512 }, { recordSizeLimit: 512 }])(
    "ours with %j hears of its command, fetches it and replies (trust E1)",
    async (limit) => {
      const registered = await createDevice(roost, product, `own-${Object.values(limit)[0]}-${Object.keys(limit)[0]}`)
      const { deviceKey, productKey } = registered
      const values: Array<unknown> = []
      const device = new Device({
        host: "127.0.0.1",
        port: roost.udpPort,
        productKey,
        deviceKey,
        ...limit,
        onCommand: ({ params }) => {
          values.push((params as { a: unknown }).a)
          return { code: 200, data: {} }
        }
      })
      try {
        await device.connect(registered.deviceSecret)
        await device.report({ temp: 1 })
        await issue(registered)
        await device.report({ temp: 2 })
        assert.deepStrictEqual(values, [value])
      } finally {
        await device.close()
      }
    }
  )

  it("ours with 64 bytes a record, which hold no Option 2100, fetches unasked (trust E1)", async () => {
    const device = await createDevice(roost, product, "own-64")
    const { identity, psk } = device
    const link = new SecureLink({
      host: "127.0.0.1",
      port: roost.udpPort,
      identity,
      psk,
      connectionId: true,
      recordSizeLimit: 64
    })
    try {
      await link.connect()
      await issue(device)
      const path = device.path("thing/service/measurepoint/set")
      const options = path
        .slice(1)
        .split("/")
        .map((segment) => stringOption(OptionNumber.UriPath, segment))
      const { payload } = await link.request({ code: Code.Get, confirmable: true, options, payload: bytes("") })
      assert.strictEqual(JSON.parse(text(payload)).params.a, value)
    } finally {
      await link.close()
    }
  })
})

describe("an application", () => {
  it("consumes uplinks by a durable consumer, filtered, with the headers", async () => {
    const device = await createDevice(roost, product, "consumed")
    const manager = await jetstreamManager(nats)
    const filter_subject = `roost.uplink.${product}.consumed.measurepoint`
    await manager.consumers.add("UPLINK", { durable_name: "billing", filter_subject, ack_policy: "explicit" as never })
    const count = 20
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { identity, psk } = device
          const session = yield* opensslSession({ port: roost.udpPort, identity, psk, suite: "CCM_8" })
          for (let i = 0; i < count; i++) {
            const path = device.path("thing/measurepoint/post")
            const { code } = yield* session.request({
              method: "POST",
              path,
              payload: bytes(measurepointPost(String(i)))
            })
            assert.strictEqual(code, "2.04")
          }
        })
      )
    )
    const consumer = await jetstream(nats).consumers.get("UPLINK", "billing")
    const messages = await consumer.fetch({ max_messages: count, expires: 5000 })
    const ids: Array<string> = []
    const sessions = new Set<string | undefined>()
    for await (const message of messages) {
      ids.push((message.json() as { id: string }).id)
      sessions.add(message.headers?.get("Roost-Session"))
      assert.strictEqual(message.headers?.get("Roost-Method"), "thing.measurepoint.post")
      assert.strictEqual(message.headers?.get("Roost-Topic"), `/sys/${product}/consumed/thing/measurepoint/post`)
      assert.match(message.headers?.get("Roost-Time") ?? "", /^\d{13}$/)
      message.ack()
    }
    assert.deepStrictEqual(
      ids,
      Array.from({ length: count }, (_, i) => String(i))
    )
    assert.strictEqual(sessions.size, 1)
  })
})
