import { assert, describe, it } from "@effect/vitest"
import { Buckets, OperatorEvent, type StreamDefinition, Streams } from "@roost/contracts"
import { Health, metrics } from "@roost/observability"
import { natsCluster, natsServer, SmallDisk, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Exit, Fiber, Layer, Logger, Schema } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import {
  allStreams,
  awaitStreams,
  chosenSettings,
  ensureStreams,
  keptOf,
  NatsConnection,
  openBucket,
  publishMessage,
  StreamKeeper,
  StreamSettings
} from "../src/index.ts"
import { makePass } from "../src/EnsureStreams.ts"
import { unbornSubject } from "../src/RequiredStreams.ts"
import { connectionTo } from "./support/connectionTo.ts"

const mebibyte = 1024 * 1024
const uplink = (bytes: number) => publishMessage(`roost.uplink.p.d.raw`, Buffer.alloc(bytes))

const infoOf = (name: string) =>
  Effect.flatMap(NatsConnection, ({ manager }) => Effect.promise(() => manager.streams.info(name)))

const change = (name: string, config: object) =>
  Effect.flatMap(NatsConnection, ({ manager }) => Effect.promise(() => manager.streams.update(name, config)))

const remove = (name: string) =>
  Effect.flatMap(NatsConnection, ({ manager }) => Effect.promise(() => manager.streams.delete(name)))

const readiness = Effect.map(Health, (health) => health.readiness())

/** Events of Roost itself, in the order of their times. */
const operatorEvents = Effect.gen(function* () {
  const { manager } = yield* NatsConnection
  const { state } = yield* infoOf("EVENT")
  const events: Array<OperatorEvent> = []
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const message = yield* Effect.promise(() => manager.streams.getMessage("EVENT", { seq }))
    if (message?.subject.startsWith("roost.event.operator.")) events.push(decodeOperatorEvent(message.string()))
  }
  return events.sort((a, b) => a.at - b.at)
})
const decodeOperatorEvent = Schema.decodeUnknownSync(Schema.fromJsonString(OperatorEvent))

/** The log while `run` runs. */
const logged = Effect.sync(() => {
  const lines: Array<string> = []
  const layer = Logger.layer([
    Logger.make(({ message }) => void lines.push((Array.isArray(message) ? message : [message]).join(" ")))
  ])
  return { lines, layer }
})

describe("the one that makes streams", () => {
  it.live("makes all that are missing, with room of their own, from a disk of any size (trust F2)", () =>
    Effect.gen(function* () {
      for (const fileStoreBytes of [64 * mebibyte, 300 * mebibyte]) {
        const server = yield* natsServer({ fileStoreBytes })
        yield* Effect.gen(function* () {
          yield* ensureStreams(allStreams)
          for (const { name } of keptOf(allStreams)) {
            const { config } = yield* infoOf(name)
            assert.isAbove(config.max_bytes, 0, name)
            assert.strictEqual(config.discard, name.startsWith("KV_") ? "new" : config.discard)
          }
          // Even if UPLINK is full, messages that keep devices alive are stored.
          const leases = yield* openBucket(Buckets.leases, StreamSettings)
          const filling = Effect.forever(uplink(mebibyte / 2))
          assert.match(String(yield* Effect.flip(filling)), /maximum bytes exceeded/)
          yield* leases.put("a", { maxAgeMillis: 0, maxBytes: 0, whenFull: "refuse", replicas: 1 })
        }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
      }
    })
  )

  it.live(
    "makes all that are missing in a cluster of small disks",
    () =>
      Effect.gen(function* () {
        const servers = yield* natsCluster(3, () => ({ fileStoreBytes: 100 * mebibyte }))
        const url = servers.map((server) => server.url).join(",")
        yield* Effect.gen(function* () {
          yield* ensureStreams(allStreams)
          const { config } = yield* infoOf("UPLINK")
          assert.isAbove(config.max_bytes, 0)
          assert.isBelow(config.max_bytes, 100 * mebibyte)
        }).pipe(Effect.provide(connectionTo({ url }, { ROOST_NATS_REPLICAS: "3" })), Effect.scoped)
      }),
    240_000
  )

  it.live("lets everything serve again after a restart, however full the streams are (trust F2)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer({ fileStoreBytes: 64 * mebibyte })
      const env = { ROOST_NATS_FILE_STORE: String(64 * mebibyte) }
      yield* Effect.gen(function* () {
        yield* ensureStreams(allStreams)
        yield* Effect.ignore(Effect.forever(uplink(mebibyte / 2)))
        const held = (yield* infoOf("UPLINK")).state
        assert.isAbove(held.bytes, 30 * mebibyte)
        yield* server.restart
        const { connected } = yield* NatsConnection
        yield* waitUntil(connected)
        yield* ensureStreams(allStreams)
        assert.deepStrictEqual((yield* infoOf("UPLINK")).state.messages, held.messages)
        yield* publishMessage("roost.presence.p.d", Buffer.from("{}"))
      }).pipe(Effect.provide(connectionTo(server, env)), Effect.scoped)
    })
  )

  it.live("makes streams that keep what they hold, and their place, when nats-server ends in any way (trust F1)", () =>
    Effect.gen(function* () {
      for (const binary of ["path", "newest"] as const) {
        for (const signal of ["SIGTERM", "SIGKILL"] as const) {
          const server = yield* natsServer({ binary })
          const connected = <A, E>(run: Effect.Effect<A, E, NatsConnection>) =>
            run.pipe(Effect.provide(connectionTo(server)), Effect.scoped)
          const states = Effect.map(
            Effect.all([infoOf("UPLINK"), infoOf("KV_LEASES")]),
            ([{ state }, leases]) => [state.messages, state.first_seq, state.last_seq, leases.state.last_seq] as const
          )
          const before = yield* connected(
            Effect.andThen(ensureStreams(allStreams), Effect.andThen(Effect.replicateEffect(uplink(100), 20), states))
          )
          assert.strictEqual(before[0], 20)
          for (const sequence of before.slice(1)) assert.isAbove(sequence, 1e12)
          yield* server.stop(signal)
          yield* server.start
          assert.deepStrictEqual(yield* connected(states), before, `${server.version}, ${signal}`)
        }
      }
    })
  )

  it.live("leaves alone what an operator changed, and brings the rest up to date (trust B2)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const day = 86_400 * 1e9
      const run = (env: Record<string, string>) =>
        ensureStreams(allStreams).pipe(Effect.provide(connectionTo(server, env)), Effect.scoped)
      const uplinkConfig = Effect.map(infoOf("UPLINK"), ({ config }) => config).pipe(
        Effect.provide(connectionTo(server)),
        Effect.scoped
      )
      yield* run({ ROOST_STREAM_UPLINK_MAX_AGE_SECONDS: "86400", ROOST_STREAM_UPLINK_WHEN_FULL: "drop-oldest" })
      let config = yield* uplinkConfig
      assert.deepStrictEqual([config.max_age, config.discard], [day, "old"])

      // By variables: they apply, also later.
      yield* run({ ROOST_STREAM_UPLINK_MAX_BYTES: "1000000" })
      config = yield* uplinkConfig
      assert.deepStrictEqual([config.max_age, config.max_bytes, config.discard], [3 * day, 1_000_000, "new"])

      // By hand: that stays, whatever the variables say; what was not touched follows them.
      yield* change("UPLINK", { max_age: 9 * day }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
      yield* run({ ROOST_STREAM_UPLINK_MAX_BYTES: "2000000", ROOST_STREAM_UPLINK_MAX_AGE_SECONDS: "60" })
      config = yield* uplinkConfig
      assert.deepStrictEqual([config.max_age, config.max_bytes, config.discard], [9 * day, 2_000_000, "new"])
    })
  )

  it.effect("takes no order to drop the oldest entries of a bucket, by whatever name it has", () =>
    Effect.gen(function* () {
      for (const { name } of Object.values(Buckets)) {
        const variable = `ROOST_STREAM_${name}_WHEN_FULL`
        const read = (value: string) =>
          Effect.exit(
            Effect.provide(
              Effect.forEach(keptOf(allStreams), chosenSettings),
              ConfigProvider.layer(ConfigProvider.fromUnknown({ [variable]: value }))
            )
          )
        assert.isTrue(Exit.isSuccess(yield* read("refuse")))
        const refused = String(yield* read("drop-oldest"))
        assert.include(refused, variable)
        assert.include(refused, "expected refuse or nothing: a bucket")
      }
    })
  )

  it.live("gives streams of a Roost that had no sizes theirs, and drops nothing for it (trust B2)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        const former = { max_age: Streams.event.maxAgeMillis * 1e6, duplicate_window: 60e9, storage: "file" as never }
        yield* Effect.promise(() => manager.streams.add({ name: "EVENT", subjects: ["roost.event.>"], ...former }))
        for (let i = 0; i < 20; i++) yield* publishMessage("roost.event.p.d.x", Buffer.alloc(mebibyte / 2))
        yield* ensureStreams(allStreams)
        const { config, state } = yield* infoOf("EVENT")
        assert.strictEqual(state.messages, 20)
        assert.isAbove(config.max_bytes, 10 * mebibyte)
      }).pipe(Effect.provide(connectionTo(server, { ROOST_NATS_FILE_STORE: String(100 * mebibyte) })), Effect.scoped)
    })
  )

  it.live("makes what vanished again, as it was, while others are not ready (trust B3)", () =>
    Effect.gen(function* () {
      for (const binary of ["path", "newest"] as const) {
        const server = yield* natsServer({ binary })
        const log = yield* logged
        yield* Effect.gen(function* () {
          yield* Layer.build(StreamKeeper.layer)
          yield* awaitStreams({ streams: [Streams.uplink], buckets: [Buckets.leases] })
          // The other streams may still be made.
          yield* waitUntil(Effect.map(readiness, ({ ready }) => ready))
          yield* change("UPLINK", { max_age: 3600e9, max_bytes: 77_777_777 })
          const before = yield* publishMessage("roost.uplink.p.d.raw", Buffer.from("x")).pipe(
            Effect.andThen(infoOf("UPLINK"))
          )
          // Seen by the keeper as the operator's.
          yield* waitUntil(() => /roost_stream_bytes_max\{stream="UPLINK"\} 77777777/.test(metrics.render()))

          for (const name of ["UPLINK", "KV_LEASES", "KV_STORE"]) yield* remove(name)
          yield* waitUntil(Effect.map(readiness, ({ checks }) => /UPLINK/.test(checks["streams"]!)))
          yield* waitUntil(Effect.map(readiness, ({ ready }) => ready))
          const after = yield* infoOf("UPLINK")
          assert.strictEqual(after.config.max_age, 3600e9)
          // Positions of readers, revisions and fencing tokens never fall.
          yield* publishMessage("roost.uplink.p.d.raw", Buffer.from("x"))
          assert.isAbove((yield* infoOf("UPLINK")).state.last_seq, before.state.last_seq)
          assert.isTrue(log.lines.some((line) => /UPLINK was gone and is made again/.test(line)))
        }).pipe(Effect.provide(log.layer), Effect.provide(connectionTo(server)), Effect.scoped)
      }
    })
  )

  it.live("asks a server that is alone for one copy only: with three it would not open its streams again", () =>
    Effect.gen(function* () {
      const server = yield* natsServer({ binary: "newest" })
      const connected = <A, E>(run: Effect.Effect<A, E, NatsConnection>, replicas: string) =>
        run.pipe(Effect.provide(connectionTo(server, { ROOST_NATS_REPLICAS: replicas })), Effect.scoped)
      const keepsUplink = Effect.gen(function* () {
        yield* server.restart
        const { state } = yield* connected(infoOf("UPLINK"), "1")
        assert.strictEqual(state.messages, 1)
      })
      yield* connected(Effect.andThen(ensureStreams(allStreams), uplink(100)), "1")

      const pass = Effect.flatten(makePass(allStreams))
      const refused = yield* connected(Effect.flip(pass), "3")
      assert.match(String(refused), /ROOST_NATS_REPLICAS=3: Unsupported, nats-server ".+" is in no cluster/)
      yield* keepsUplink

      // By hand, as the nats command lets an operator do it.
      yield* connected(Effect.andThen(change("UPLINK", { num_replicas: 3 }), pass), "1")
      yield* keepsUplink
    })
  )

  it.live("has no stream that is only half made, as others see it (trust B3)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { manager, required } = yield* NatsConnection
        const { name, subjects } = Streams.uplink
        yield* Effect.promise(() => manager.streams.add({ name, subjects: [unbornSubject(name)] }))
        const waiting = yield* Effect.forkChild(awaitStreams({ streams: [Streams.uplink], buckets: [] }))
        yield* waitUntil(() => required.problem()?.includes("not there") === true)
        yield* change(name, { subjects: [...subjects] })
        yield* Fiber.join(waiting)
        assert.isUndefined(required.problem())
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )

  it.live("says which stream is nearly full, and when it has room again (trust F10)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const log = yield* logged
      yield* Effect.gen(function* () {
        yield* Layer.build(StreamKeeper.layer)
        yield* awaitStreams({ streams: [Streams.uplink], buckets: [] })
        for (let i = 0; i < 9; i++) yield* uplink(99_000)
        yield* waitUntil(() =>
          log.lines.some((line) => /UPLINK holds \d+ of 1000000 bytes, 89 %: full, it refuses/.test(line))
        )
        assert.match(metrics.render(), /roost_stream_bytes\{stream="UPLINK"\} 89\d{4}/)
        assert.match(metrics.render(), /roost_stream_bytes_max\{stream="UPLINK"\} 1000000/)
        const { manager } = yield* NatsConnection
        yield* Effect.promise(() => manager.streams.purge("UPLINK"))
        yield* waitUntil(() => log.lines.some((line) => /UPLINK has room again/.test(line)))
        yield* waitUntil(Effect.map(operatorEvents, (events) => events.length === 2))
        const [full, roomy] = yield* operatorEvents
        assert.deepInclude(full, { kind: "stream-nearly-full", stream: "UPLINK", bytesMax: 1_000_000 })
        assert.deepInclude(roomy, { kind: "stream-has-room", stream: "UPLINK", bytes: 0 })
      }).pipe(
        Effect.provide(log.layer),
        Effect.provide(connectionTo(server, { ROOST_STREAM_UPLINK_MAX_BYTES: "1000000" })),
        Effect.scoped
      )
    })
  )

  it.live("names the disk that is full by readiness, log, gauge and event, until there is room (trust B4)", () =>
    Effect.gen(function* () {
      const disk = yield* Effect.acquireRelease(
        Effect.sync(() => SmallDisk.mount(64 * mebibyte)),
        (mounted) => Effect.sync(() => mounted[Symbol.dispose]())
      )
      const server = yield* natsServer({ binary: "newest", storeDirectory: join(disk.directory, "nats") })
      const log = yield* logged
      yield* Effect.gen(function* () {
        yield* Layer.build(StreamKeeper.layer)
        yield* awaitStreams(allStreams)
        yield* waitUntil(Effect.map(readiness, ({ ready }) => ready))
        disk.fill()
        const says = new RegExp(
          `${disk.directory}/.*no space left on device; the disk of nats-server "roost" .* is full`
        )
        yield* waitUntil(Effect.map(readiness, ({ checks }) => says.test(checks["stream-keeper"]!)))
        assert.strictEqual(log.lines.filter((line) => says.test(line)).length, 1)
        assert.match(metrics.render(), /^roost_nats_store_takes 0$/m)
        disk.free()
        yield* waitUntil(Effect.map(readiness, ({ ready }) => ready))
        assert.match(metrics.render(), /^roost_nats_store_takes 1$/m)
        yield* waitUntil(Effect.map(operatorEvents, (events) => events.length === 2))
        const [refuses, takesAgain] = yield* operatorEvents
        assert.match(refuses!.reason, says)
        assert.deepStrictEqual([refuses!.kind, takesAgain!.kind], ["store-refuses", "store-takes-again"])
        assert.isBelow(refuses!.at, takesAgain!.at)
      }).pipe(Effect.provide(log.layer), Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )

  it.live("enters NATS by a credential of its own where it has one (trust B3)", () =>
    Effect.gen(function* () {
      const users = `{ user: app, password: a, permissions: { publish: { deny: "$JS.API.STREAM.CREATE.>" } } }, { user: admin, password: b }`
      const server = yield* natsServer({ config: `authorization { users: [${users}] }` })
      const env = { NATS_USER: "app", NATS_PASSWORD: "a" }
      yield* Effect.gen(function* () {
        yield* Layer.build(StreamKeeper.layer)
        yield* awaitStreams(allStreams)
      }).pipe(
        Effect.provide(
          connectionTo(server, { ...env, ROOST_NATS_ADMIN_USER: "admin", ROOST_NATS_ADMIN_PASSWORD: "b" })
        ),
        Effect.scoped
      )
      assert.include(readdirSync(join(server.storeDirectory, "jetstream", "$G", "streams")), "KV_LEASES")
      assert.isTrue(existsSync(join(server.storeDirectory, "jetstream")))
    })
  )
})

describe("the streams of Roost", () => {
  it("leave a part of the disk for those to come (trust A1)", () => {
    const percents = keptOf(allStreams).map(({ room }) => room.percent)
    assert.isAtMost(
      percents.reduce((sum, percent) => sum + percent),
      92
    )
  })

  it("drop nothing that was acknowledged to a device or an application (trust A1)", () => {
    const dropping = (Object.values(Streams) as ReadonlyArray<StreamDefinition>).filter(
      ({ whenFull }) => whenFull !== "refuse"
    )
    assert.deepStrictEqual(
      dropping.map(({ name }) => name),
      ["PRESENCE", "EVENT", "STRANGER", "WEBHOOK_DEAD", "SINK_DEAD", "AUDIT"]
    )
  })
})
