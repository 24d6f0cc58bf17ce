import { assert, describe, it } from "@effect/vitest"
import { RegistryRpcs, Sealing, sealPurpose, secretContext, Streams, Subjects } from "@roost/contracts"
import { NatsConnection, requestRpc, StreamKeeper } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer, postgresServer, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Exit, Layer, Logger, Scope } from "effect"
import {
  Credentials,
  layerRegistryHealth,
  layerRegistryNats,
  LiveStatus,
  Registry,
  RegistryStore,
  SecretVault
} from "../src/index.ts"
import { layerStoreAt, newDatabase, postgresForFile } from "./support/Databases.ts"
import { id, meters, presence as seededPresence } from "./support/SeededStore.ts"
import { clusterKey, layerVault } from "./support/TestRegistry.ts"

const server = postgresForFile()

type Instance = Registry | Credentials | RegistryStore | SecretVault

const layerInstance = (url: string): Layer.Layer<Instance> =>
  Layer.fresh(
    Layer.mergeAll(Registry.layer, Credentials.layer).pipe(
      Layer.provideMerge(Layer.merge(layerStoreAt(url), layerVault)),
      Layer.provide(LiveStatus.layerNone)
    )
  )

/** Both use one database; each has connections of its own. */
const twoInstances = Effect.gen(function* () {
  const url = yield* Effect.promise(() => newDatabase(server()))
  const [one, two] = yield* Effect.all([Layer.build(layerInstance(url)), Layer.build(layerInstance(url))], {
    concurrency: 2
  })
  return [one, two] as const
})

const seed = Effect.gen(function* () {
  const registry = yield* Registry
  yield* registry.createProduct(meters)
  yield* registry.createDevice("pk1", { deviceKey: "dev1" })
})

describe("two registries on one PostgreSQL", () => {
  it.live(
    "bring one empty database up to date together, and answer copies of one activation with one secret (S117)",
    () =>
      Effect.gen(function* () {
        const [one, two] = yield* twoInstances
        yield* Effect.provide(seed, one)
        const credentialVersion = (yield* Effect.provide(
          RegistryStore.use((store) => store.product("pk1")),
          one
        ))!.secretVersion
        const activate = Effect.flatMap(Credentials, (credentials) =>
          credentials.activate({ ...id, requestId: "r1", credentialVersion })
        )
        const replies = yield* Effect.all(
          Array.from({ length: 20 }, (_, i) => Effect.provide(activate, i % 2 === 0 ? one : two)),
          { concurrency: "unbounded" }
        )
        const vault = yield* Effect.provide(SecretVault, one)
        const store = yield* Effect.provide(RegistryStore, two)
        const stored = vault.openDevice(id, (yield* store.device(id))!.secret)
        for (const reply of replies) {
          assert(reply._tag === "Issued")
          assert.strictEqual(secretOf(reply.sealedSecret), stored)
        }
        assert.lengthOf(yield* store.untoldChanges(100), 1)
      })
  )

  it.live("register each device of the same import once, whatever order it comes in", () =>
    Effect.gen(function* () {
      const [one, two] = yield* twoInstances
      yield* Effect.provide(seed, one)
      const devices = Array.from({ length: 400 }, (_, i) => ({ deviceKey: `d${i}` }))
      const create = (list: typeof devices) =>
        Effect.flatMap(Registry, (registry) => registry.createDevices("pk1", list))
      const [first, second] = yield* Effect.all(
        [Effect.provide(create(devices), one), Effect.provide(create(devices.toReversed()), two)],
        { concurrency: 2 }
      )
      const taken = [...first, ...second].filter((credential) => credential !== undefined)
      assert.strictEqual(new Set(taken.map(({ deviceKey }) => deviceKey)).size, 400)
      assert.lengthOf(taken, 400)
    })
  )

  it.live("file an event once that both were given", () =>
    Effect.gen(function* () {
      const [one, two] = yield* twoInstances
      yield* Effect.provide(seed, one)
      const events = Array.from({ length: 50 }, (_, at) => ({ ...id, kind: "k", at, address: "", reason: "r" }))
      const add = RegistryStore.use((store) => store.addEvents(events, 0))
      yield* Effect.all(
        [one, two, one, two].map((instance) => Effect.provide(add, instance)),
        { concurrency: 4 }
      )
      const kept = yield* Effect.provide(
        RegistryStore.use((store) => store.events(id, { limit: 200 })),
        one
      )
      assert.lengthOf(kept, 50)
    })
  )

  it.live("leave it to one at a time to tell changes, and to the other when that has gone", () =>
    Effect.gen(function* () {
      const [one, two] = yield* twoInstances
      const telling: Array<string> = []
      const tell = (name: string, body: Effect.Effect<void>) =>
        RegistryStore.use((store) =>
          store.unlessToldElsewhere(
            Effect.andThen(
              Effect.sync(() => void telling.push(name)),
              body
            )
          )
        )
      yield* Effect.provide(tell("one", Effect.provide(tell("two", Effect.void), two)), one)
      yield* Effect.provide(tell("two", Effect.void), two)
      assert.deepStrictEqual(telling, ["one", "two"])
    })
  )

  it.live("share questions, presence and changes on the bus; each goes on alone when the other ends", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const url = yield* Effect.promise(() => newDatabase(server()))
      const onBus = Layer.fresh(
        layerRegistryNats.pipe(
          Layer.provideMerge(layerInstance(url)),
          Layer.provideMerge(StreamKeeper.layer),
          Layer.provideMerge(NatsConnection.layer("registry-test")),
          Layer.provideMerge(Health.layer),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: nats.url }))),
          Layer.provide(Logger.layer([]))
        )
      )
      const ending = yield* Scope.make()
      const first = yield* Scope.provide(Layer.build(onBus), ending)
      const second = yield* Layer.build(Layer.fresh(onBus))
      const registry = yield* Effect.provide(Registry, second)
      yield* Effect.provide(seed, first)
      const { jetstream, manager } = yield* Effect.provide(NatsConnection, second)
      const store = yield* Effect.provide(RegistryStore, second)
      const publish = (deviceKey: string, at: number) =>
        Effect.promise(() =>
          jetstream.publish(
            Subjects.presence("pk1", deviceKey),
            JSON.stringify(seededPresence({ deviceKey, at, lastSeenAt: at }))
          )
        )
      const began = Date.now()
      const keys = Array.from({ length: 100 }, (_, i) => `p${i}`)
      yield* registry.createDevices(
        "pk1",
        keys.map((deviceKey) => ({ deviceKey }))
      )
      yield* Effect.forEach(keys, (deviceKey) => publish(deviceKey, began), { concurrency: 20 })
      yield* registry.setEnabled(id, false)
      yield* waitUntil(
        Effect.map(store.devices("pk1", { status: "online", limit: 200 }), (found) => found.length === 100)
      )
      yield* waitUntil(Effect.map(store.untoldChanges(1), (untold) => untold.length === 0))

      yield* Scope.close(ending, Exit.void)
      yield* registry.setEnabled(id, true)
      const answer = Effect.provide(requestRpc(RegistryRpcs.psk, { ...id, secureMode: 2 }), second)
      yield* waitUntil(Effect.map(answer, ({ _tag }) => _tag === "Found"))
      yield* Effect.forEach(keys, (deviceKey) => publish(deviceKey, began + 1), { concurrency: 20 })
      const logs = Effect.forEach(keys, (deviceKey) => store.events({ ...id, deviceKey }, { limit: 9 }))
      yield* waitUntil(Effect.map(logs, (all) => all.every((events) => events.length === 2)))
      yield* waitUntil(Effect.map(store.untoldChanges(1), (untold) => untold.length === 0))
      const stream = yield* Effect.promise(() => manager.streams.info(Streams.credential.name))
      assert.strictEqual(stream.state.messages, 2)
    })
  )

  it.live("fail while PostgreSQL is away, say so, and go on by themselves once it is back", () =>
    Effect.gen(function* () {
      const own = yield* postgresServer()
      const instance = yield* Layer.build(layerInstance(own.url))
      yield* Effect.provide(seed, instance)
      const store = yield* Effect.provide(RegistryStore, instance)
      const watched = Layer.provideMerge(layerRegistryHealth, Health.layer)
      const health = yield* Effect.provide(Layer.build(watched), instance)
      const { readiness } = yield* Effect.provide(Health, health)
      const says = (what: RegExp) => waitUntil(Effect.sync(() => what.test(readiness().checks["database"]!)))
      yield* says(/^ok$/)
      yield* own.stop
      yield* says(/^the database does not answer: nothing listens there \(connection refused\): start it/)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(store.device(id))))
      yield* own.start
      yield* waitUntil(
        Effect.map(Effect.exit(store.updateCredential(id, { _tag: "Enabled", enabled: false }, 1)), Exit.isSuccess)
      )
      assert.strictEqual((yield* store.device(id))?.status, "disabled")
      yield* says(/^ok$/)
    })
  )
})

const secretOf = (sealedSecret: string): string => {
  const opened = new Sealing(clusterKey, sealPurpose.secret).open(
    secretContext(id),
    Buffer.from(sealedSecret, "base64")
  )
  return Buffer.from(opened!).toString("utf8")
}
