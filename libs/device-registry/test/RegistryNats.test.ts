import { assert, describe, it } from "@effect/vitest"
import {
  Buckets,
  type DeviceAnswer,
  DeviceAnswer as DeviceAnswerSchema,
  DeviceAsk,
  placeOf,
  Profile,
  pskContext,
  RegistryRpcs,
  Sealing,
  sealPurpose,
  Streams,
  Subjects
} from "@roost/contracts"
import { pskBytes, pskFromSecret } from "@roost/enos"
import { NatsConnection, openBucket, StreamKeeper, requestRpc, serveRpc, tailConsumer } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { Credentials, layerRegistryNats, LiveStatus, Registry, RegistryStore, Strangers } from "../src/index.ts"
import { meters, presence as seededPresence } from "./support/SeededStore.ts"
import { clusterKey, layerTemporaryStore, layerVault } from "./support/TestRegistry.ts"

const id = { productKey: "pk1", deviceKey: "dev:1" }

const onBus = (url: string) =>
  layerRegistryNats.pipe(
    Layer.provideMerge(Layer.merge(Registry.layer, Credentials.layer)),
    Layer.provideMerge([LiveStatus.layer, Strangers.layer]),
    Layer.provideMerge([
      layerTemporaryStore,
      layerVault,
      StreamKeeper.layer.pipe(Layer.provideMerge(NatsConnection.layer("registry-test")))
    ]),
    Layer.provideMerge(Health.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url }))),
    Layer.provide(Logger.layer([]))
  )

const seed = Effect.gen(function* () {
  const registry = yield* Registry
  yield* registry.createProduct(meters)
  yield* registry.createDevice("pk1", { deviceKey: id.deviceKey, deviceSecret: "s3cret-of-devices" })
  return registry
})

const publish = (subject: string, value: unknown) =>
  Effect.flatMap(NatsConnection, ({ jetstream }) =>
    Effect.promise(() => jetstream.publish(subject, JSON.stringify(value)))
  )

const online = seededPresence({ ...id, at: 1000, lastSeenAt: 1000 })

describe("the registry on the bus", () => {
  it.live("answers who may come in, with a key that only the cluster can read", () =>
    Effect.flatMap(natsServer(), ({ url }) =>
      Effect.gen(function* () {
        yield* seed
        const request = { ...id, secureMode: 2 } as const
        const reply = yield* requestRpc(RegistryRpcs.psk, request)
        assert(reply._tag === "Found")
        const opened = new Sealing(clusterKey, sealPurpose.psk).open(
          pskContext(request),
          Buffer.from(reply.sealedPsk, "base64")
        )
        assert.deepStrictEqual(Uint8Array.from(opened!), pskFromSecret("s3cret-of-devices"))
        const unknown = yield* requestRpc(RegistryRpcs.psk, { ...request, deviceKey: "nobody" })
        assert.deepInclude(unknown, { _tag: "Refused", reason: "UnknownDevice" })
        const product = yield* requestRpc(RegistryRpcs.psk, { ...id, secureMode: 3 })
        assert(product._tag === "Found")
        const { credentialVersion } = product
        const issued = yield* requestRpc(RegistryRpcs.activate, { ...id, requestId: "r1", credentialVersion })
        assert.strictEqual(issued._tag, "Issued")
        const described = yield* requestRpc(RegistryRpcs.device, id)
        assert(described._tag === "Found")
        const { createdAt, ...rest } = described
        assert.isAbove(createdAt ?? 0, 0)
        assert.deepStrictEqual(rest, { _tag: "Found", status: "inactive", activated: false, dataFormat: "Json" })
      }).pipe(Effect.provide(onBus(url)))
    )
  )

  it.live("gives a sealed key with every refusal, which opens like any other (trust G3)", () =>
    Effect.flatMap(natsServer(), ({ url }) =>
      Effect.gen(function* () {
        yield* seed
        const sealing = new Sealing(clusterKey, sealPurpose.psk)
        for (const request of [
          { ...id, secureMode: 2 },
          { ...id, deviceKey: "nobody", secureMode: 2 },
          { productKey: "pk9", deviceKey: "nobody", secureMode: 3 },
          { productKey: "", deviceKey: "", secureMode: 2 }
        ] as const) {
          const { sealedPsk } = yield* requestRpc(RegistryRpcs.psk, request)
          const opened = sealing.open(pskContext(request), Buffer.from(sealedPsk!, "base64"))
          assert.strictEqual(opened?.length, pskBytes)
        }
      }).pipe(Effect.provide(onBus(url)))
    )
  )

  it.live("reads what edges and actors refused of strangers (trust A7)", () =>
    Effect.flatMap(natsServer(), ({ url }) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        const strangers = yield* Strangers
        const all = Effect.sync(() =>
          strangers.list({ address: undefined, identity: undefined, before: undefined, limit: 10 })
        )
        yield* waitUntil(
          Effect.map(
            Effect.tryPromise(() => manager.streams.info(Streams.stranger.name)),
            () => true
          )
        )
        const { config } = yield* Effect.promise(() => manager.streams.info(Streams.stranger.name))
        assert.isAbove(config.max_bytes, 0)
        assert.isAtMost(config.max_bytes, Streams.stranger.room.bytesMax!)
        const refused = {
          kind: "handshake-refused",
          at: 1,
          node: "n",
          address: "192.0.2.1:1",
          proven: true,
          reason: ""
        }
        yield* publish(Subjects.stranger, "no refusal")
        yield* publish(Subjects.stranger, { ...refused, identity: "pk1,dev1,2,60" })
        yield* waitUntil(Effect.map(all, ({ length }) => length === 1))
        assert.deepInclude((yield* all)[0], { identity: "pk1,dev1,2,60" })
      }).pipe(Effect.provide(onBus(url)))
    )
  )

  it.live("follows presence and events, and what does not decode stops nothing", () =>
    Effect.flatMap(natsServer(), ({ url }) =>
      Effect.gen(function* () {
        const registry = yield* seed
        const presence = Subjects.presence(id.productKey, id.deviceKey)
        const event = Subjects.event(id.productKey, id.deviceKey, "handshake-refused")
        yield* publish(presence, "no presence")
        yield* publish(presence, online)
        yield* publish(event, { kind: 1 })
        yield* publish(event, { ...id, kind: "handshake-refused", at: Date.now(), address: "", reason: "wrong key" })
        yield* waitUntil(Effect.map(registry.device(id), ({ status }) => status === "online"))
        yield* waitUntil(Effect.map(registry.events(id, { limit: 10 }), (events) => events.length === 1))
        const [logged] = yield* registry.events(id, { limit: 10 })
        assert.strictEqual(logged?.reason, "wrong key")
      }).pipe(Effect.provide(onBus(url)))
    )
  )

  it.live("tells every change of a credential, also those made while nats-server was away, in order", () =>
    Effect.flatMap(natsServer(), (server) =>
      Effect.gen(function* () {
        const registry = yield* seed
        const heard: Array<string> = []
        const subject = Subjects.credential(id.productKey, id.deviceKey)
        yield* tailConsumer(Streams.credential.name, subject, ({ data }) => {
          heard.push(JSON.parse(new TextDecoder().decode(data)).change)
        })
        // The tail hears what comes after it has begun.
        yield* waitUntil(
          Effect.gen(function* () {
            yield* publish(subject, { change: "begun" })
            return heard.length > 0
          })
        )
        heard.length = 0
        yield* registry.rotateSecret(id, undefined)
        yield* waitUntil(Effect.sync(() => heard.includes("secret")))
        yield* server.stop("SIGKILL")
        yield* registry.setEnabled(id, false)
        yield* registry.setEnabled(id, true)
        yield* registry.deleteDevice(id)
        yield* server.start
        yield* waitUntil(Effect.sync(() => heard.includes("deleted")))
        // At least once: what was sent when the server died may be told twice, but never out of order.
        const order = heard.filter((change, i) => change !== "begun" && change !== heard[i - 1])
        assert.deepStrictEqual(order, ["secret", "disabled", "enabled", "deleted"])
      }).pipe(Effect.provide(onBus(server.url)))
    )
  )

  it.live("tells products and models again when the bucket was made anew, or came from a backup (trust B3)", () =>
    Effect.flatMap(natsServer(), ({ url }) =>
      Effect.gen(function* () {
        yield* seed
        const store = yield* RegistryStore
        const { jetstream, manager } = yield* NatsConnection
        const model = (point: string) => ({
          modelId: "meter",
          attributes: {},
          measurepoints: { [point]: { hasQuality: false, data: { dataType: "DOUBLE" as const } } },
          services: {},
          events: {}
        })
        yield* store.createModel(model("temp"), 1)
        yield* store.updateProduct("pk1", { modelId: "meter" })
        const told = Effect.gen(function* () {
          const bucket = yield* openBucket(Buckets.profiles, Profile)
          const entries = yield* bucket.list(">")
          return entries
            .map(({ key, value }) => `${key} ${value._tag === "Model" ? JSON.stringify(value.model) : value.modelId}`)
            .toSorted()
        })
        const expected = [`model.meter ${JSON.stringify(model("temp"))}`, "product.pk1 meter"]
        const untilTold = waitUntil(Effect.map(told, (found) => found.join() === expected.join()))
        yield* untilTold
        yield* Effect.promise(() => manager.streams.delete(`KV_${Buckets.profiles.name}`))
        yield* untilTold
        // As a backup has it, which a registry finds when it starts: a product that is gone, another model.
        const put = (key: string, profile: Profile) =>
          Effect.promise(() => jetstream.publish(`$KV.${Buckets.profiles.name}.${key}`, JSON.stringify(profile)))
        yield* put("product.gone", { _tag: "Product", productKey: "gone", modelId: "meter", script: null })
        yield* put("model.meter", { _tag: "Model", version: 1, model: model("old") })
        yield* Effect.scoped(Effect.andThen(Layer.build(Layer.fresh(layerRegistryNats)), untilTold))
      }).pipe(Effect.provide(onBus(url)))
    )
  )

  it.live("shows a device as its actor knows it, and as stored when no actor answers", () =>
    Effect.flatMap(natsServer(), ({ url }) =>
      Effect.gen(function* () {
        const registry = yield* seed
        yield* publish(Subjects.presence(id.productKey, id.deviceKey), online)
        yield* waitUntil(Effect.map(registry.device(id), ({ status }) => status === "online"))
        assert.strictEqual((yield* registry.device(id)).lastSeenAt, 1000)
        const known: DeviceAnswer = {
          _tag: "Known",
          online: false,
          lastSeenAt: 2000,
          address: "192.0.2.9:7",
          suite: "TLS_PSK_WITH_AES_128_CBC_SHA256",
          secureMode: 2,
          lifetimeSeconds: 90,
          pending: 1
        }
        const subject = Subjects.device(placeOf(id.productKey, id.deviceKey).partition)
        yield* serveRpc({ subject, request: DeviceAsk, response: DeviceAnswerSchema }, {}, () => Effect.succeed(known))
        const device = yield* registry.device(id)
        assert.deepStrictEqual(
          [device.status, device.lastSeenAt, device.suite, device.pendingCommands],
          ["offline", 2000, "TLS_PSK_WITH_AES_128_CBC_SHA256", 1]
        )
      }).pipe(Effect.provide(onBus(url)))
    )
  )
})
