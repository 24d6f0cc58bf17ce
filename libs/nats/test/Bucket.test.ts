import { assert, describe, it } from "@effect/vitest"
import type { BucketDefinition, StreamDefinition } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Option, Schema } from "effect"
import { ensureStreams, NatsConnection, openBucket, readSnapshot } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const definition: BucketDefinition = { name: "THINGS", ttlMillis: 0, history: 1, room: { percent: 1 } }
const Thing = Schema.Struct({ n: Schema.Int })

const open = Effect.gen(function* () {
  yield* ensureStreams({ streams: [], buckets: [definition] })
  return yield* openBucket(definition, Thing)
})

const inRealm = <A, E>(test: (server: Effect.Success<ReturnType<typeof natsServer>>) => Effect.Effect<A, E, never>) =>
  Effect.flatMap(natsServer(), test)

describe("ensureStreams", () => {
  it.live("creates what is missing, changes what differs, and may be run again", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        const stream: StreamDefinition = {
          name: "UPLINK",
          subjects: ["roost.uplink.>"],
          maxAgeMillis: 1_000_000,
          duplicateWindowMillis: 60_000,
          retention: "limits",
          room: { percent: 1 },
          whenFull: "refuse"
        }
        yield* ensureStreams({
          streams: [stream],
          buckets: [definition, { ...definition, name: "AGED", ttlMillis: 60_000 }]
        })
        yield* ensureStreams({ streams: [{ ...stream, maxAgeMillis: 2_000_000 }], buckets: [definition] })
        const info = yield* Effect.promise(() => manager.streams.info("UPLINK"))
        assert.strictEqual(info.config.max_age, 2_000_000 * 1_000_000)
        assert.strictEqual(info.config.storage, "file")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )
})

describe("readSnapshot", () => {
  it.live("gives the last value of every key that matches, and ends; also when there is none", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const bucket = yield* open
        yield* bucket.put("1.a", { n: 1 })
        const older = yield* bucket.put("1.b", { n: 1 })
        yield* bucket.put("2.a", { n: 1 })
        const revision = yield* bucket.put("1.a", { n: 2 })
        const read = Effect.fnUntraced(function* (filter: string) {
          const found: Array<readonly [string, number]> = []
          yield* readSnapshot({
            stream: "KV_THINGS",
            filterSubject: `$KV.THINGS.${filter}`,
            onStart: () => void found.splice(0),
            onMessage: ({ sequence, subject }) => void found.push([subject, sequence])
          })
          return found
        })
        assert.deepStrictEqual(yield* read("1.>"), [
          ["$KV.THINGS.1.b", older],
          ["$KV.THINGS.1.a", revision]
        ])
        assert.strictEqual((yield* read(">")).length, 3)
        assert.deepStrictEqual(yield* read("7.>"), [])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )
})

describe("a bucket", () => {
  it.live("creates once, updates by revision only, and says Conflict otherwise", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const bucket = yield* open
        const revision = yield* bucket.create("a.b", { n: 1 })
        assert.strictEqual((yield* Effect.flip(bucket.create("a.b", { n: 2 }))).reason, "Conflict")
        const updated = yield* bucket.update("a.b", { n: 3 }, revision)
        assert.strictEqual((yield* Effect.flip(bucket.update("a.b", { n: 4 }, revision))).reason, "Conflict")
        assert.strictEqual((yield* Effect.flip(bucket.delete("a.b", revision))).reason, "Conflict")
        const entry = Option.getOrThrow(yield* bucket.get("a.b"))
        assert.deepInclude(entry, { key: "a.b", value: { n: 3 }, revision: updated })
        yield* bucket.delete("a.b", updated)
        assert.isTrue(Option.isNone(yield* bucket.get("a.b")))
        assert.isTrue(Option.isNone(yield* bucket.get("a.unknown")))
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("says Disconnected at once while no server is connected", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const bucket = yield* open
        const { connected } = yield* NatsConnection
        yield* server.stop("SIGKILL")
        yield* waitUntil(() => !connected())
        assert.strictEqual((yield* Effect.flip(bucket.get("k"))).reason, "Disconnected")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("lets one of many writers win", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const bucket = yield* open
        const revision = yield* bucket.create("k", { n: 0 })
        const attempts = Array.from({ length: 20 }, (_, n) => bucket.update("k", { n: n + 1 }, revision))
        const results = yield* Effect.all(attempts.map(Effect.result), { concurrency: "unbounded" })
        assert.strictEqual(results.filter((result) => result._tag === "Success").length, 1)
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("lists by filter, and says Malformed for an entry of another shape", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const bucket = yield* open
        for (const key of ["1.a.x", "1.a.y", "1.b.x", "2.a.x"]) yield* bucket.put(key, { n: 1 })
        yield* bucket.delete("1.a.y")
        assert.deepStrictEqual((yield* bucket.keys("1.>")).toSorted(), ["1.a.x", "1.b.x"])
        assert.deepStrictEqual((yield* bucket.list("*.a.>")).map((entry) => entry.key).toSorted(), ["1.a.x", "2.a.x"])
        const { jetstream } = yield* NatsConnection
        yield* Effect.promise(() => jetstream.publish("$KV.THINGS.bad", `{"n":"x"}`))
        assert.strictEqual((yield* Effect.flip(bucket.get("bad"))).reason, "Malformed")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("shows a watcher what is there, says when that was all, then every change", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const bucket = yield* open
        yield* bucket.put("1.a", { n: 1 })
        yield* bucket.put("1.b", { n: 2 })
        yield* bucket.put("2.a", { n: 3 })
        const seen: Array<string> = []
        const empty: Array<string> = []
        yield* bucket.watch("1.>", {
          onPut: (entry) => seen.push(`${entry.key}=${entry.value.n}`),
          onDelete: (key) => seen.push(`-${key}`),
          onInitialDone: () => seen.push("all")
        })
        yield* bucket.watch("9.>", {
          onPut: () => empty.push("put"),
          onDelete: () => empty.push("delete"),
          onInitialDone: () => empty.push("all")
        })
        yield* waitUntil(() => seen.includes("all") && empty.length > 0)
        const revision = yield* bucket.put("1.c", { n: 4 })
        yield* bucket.delete("1.a")
        yield* waitUntil(() => seen.length === 5)
        assert.deepStrictEqual(seen, ["1.a=1", "1.b=2", "all", "1.c=4", "-1.a"])
        assert.deepStrictEqual(empty, ["all"])
        yield* bucket.forget(revision + 1)
        assert.deepStrictEqual((yield* bucket.keys("1.>")).toSorted(), ["1.b", "1.c"])
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    )
  )

  it.live("tells a watcher after a restart of the server what changed and what went meanwhile", () =>
    inRealm((server) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        yield* Effect.gen(function* () {
          const bucket = yield* open
          yield* bucket.put("a", { n: 1 })
          const b = yield* bucket.put("b", { n: 1 })
          yield* bucket.watch(">", {
            onPut: (entry) => seen.push(`${entry.key}=${entry.value.n}`),
            onDelete: (key) => seen.push(`-${key}`),
            onInitialDone: () => seen.push("all")
          })
          yield* waitUntil(() => seen.includes("all"))
          seen.length = 0
          // An entry that is gone without a marker is missed by whoever watches; it shows after a reconnect only.
          yield* server.stop("SIGKILL")
          yield* server.start
          const other = connectionTo(server)
          yield* Effect.gen(function* () {
            const same = yield* openBucket(definition, Thing)
            yield* same.forget(b)
            yield* same.put("c", { n: 1 })
          }).pipe(Effect.provide(other))
          yield* waitUntil(() => seen.includes("c=1"))
          const readings = () => seen.filter((what) => what === "all").length
          const before = readings()
          yield* server.stop("SIGTERM")
          yield* server.start
          yield* waitUntil(() => readings() > before && seen.includes("-b"))
          const { connected } = yield* NatsConnection
          yield* waitUntil(connected)
          yield* bucket.put("d", { n: 1 })
          yield* waitUntil(() => seen.includes("d=1"))
        }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
      })
    )
  )
})
