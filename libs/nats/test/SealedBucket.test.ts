import { assert, describe, it } from "@effect/vitest"
import { type BucketDefinition, Sealing, sealingKeys } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Option, Schema } from "effect"
import { ensureStreams, openBucket, openSealedBucket } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const definition: BucketDefinition = { name: "SECRETS", ttlMillis: 0, history: 1, room: { percent: 1 } }
const [former, current] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]

const opened = (keys: Parameters<typeof sealingKeys>) =>
  openSealedBucket(definition, new Sealing(sealingKeys(...keys), "things"), { keys: "*", called: "things" })

/** The entries as they are on the bus. */
const raw = openBucket(definition, Schema.Struct({ sealed: Schema.String }))

const onBus = <A, E>(
  test: Effect.Effect<A, E, Effect.Services<typeof raw> | Effect.Services<ReturnType<typeof opened>>>
) =>
  Effect.flatMap(natsServer(), (server) =>
    Effect.andThen(ensureStreams({ streams: [], buckets: [definition] }), test).pipe(
      Effect.provide(connectionTo(server)),
      Effect.scoped
    )
  )

describe("a sealed bucket", () => {
  it.live("has what was put, and nothing of it in the clear", () =>
    onBus(
      Effect.gen(function* () {
        const bucket = yield* opened([current])
        const revision = yield* bucket.create("a", "first text")
        yield* bucket.update("a", "second text", revision)
        assert.deepInclude(Option.getOrThrow(yield* bucket.get("a")), { key: "a", value: "second text" })
        const { value } = Option.getOrThrow(yield* (yield* raw).get("a"))
        assert.notInclude(Buffer.from(value.sealed, "base64").toString("latin1"), "text")
      })
    )
  )

  it.live("opens no entry that was moved from another key, forged, or sealed under a key that it lacks", () =>
    onBus(
      Effect.gen(function* () {
        yield* (yield* opened([former])).put("lacked", "text")
        const bucket = yield* opened([current])
        yield* bucket.put("a", "text")
        const entries = yield* raw
        yield* entries.put("moved", Option.getOrThrow(yield* entries.get("a")).value)
        yield* entries.put("forged", { sealed: Buffer.from("text").toString("base64") })
        const texts = (yield* bucket.list("*")).map(({ key, value }) => [key, value])
        assert.deepStrictEqual(
          new Map(texts as Array<[string, string | undefined]>),
          new Map([
            ["lacked", undefined],
            ["a", "text"],
            ["moved", undefined],
            ["forged", undefined]
          ])
        )
      })
    )
  )

  it.live("seals again what the previous key sealed, so that this key can go (trust D2)", () =>
    onBus(
      Effect.gen(function* () {
        yield* (yield* opened([former])).put("a", "text")
        const later = yield* opened([current])
        assert.isUndefined(Option.getOrThrow(yield* later.get("a")).value)
        assert.strictEqual(Option.getOrThrow(yield* (yield* opened([current, former])).get("a")).value, "text")
        yield* waitUntil(Effect.map(later.get("a"), (entry) => Option.getOrThrow(entry).value === "text"))
      })
    )
  )
})
