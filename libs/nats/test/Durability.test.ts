import { assert, describe, it } from "@effect/vitest"
import { Buckets, Streams } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect, Layer, Option } from "effect"
import {
  awaitStreams,
  Durability,
  durabilityKey,
  isToldYet,
  openBucket,
  promiseOf,
  StreamKeeper
} from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

describe("what the servers promise of what they acknowledged", () => {
  const servers = (...syncMillis: ReadonlyArray<number>) => ({
    at: 1_000_000,
    servers: syncMillis.map((millis, i) => ({ name: `n${i}`, syncMillis: millis }))
  })

  it("is a crash of a process for nats-server below 2.10, whatever its configuration (trust F1)", () => {
    const promise = promiseOf("2.9.10", servers(5), 1_000_000)
    assert.match(promise.text, /power cut takes up to two minutes.*2\.10 or newer/)
    assert.strictEqual(promise.powerCutLosesSeconds, 120)
  })

  it("is the longest interval of all servers, and unknown without or with an old answer (trust B1)", () => {
    assert.strictEqual(promiseOf("2.10.27", servers(5, 120_000, 0), 1_000_000).powerCutLosesSeconds, 120)
    assert.match(promiseOf("2.11.0", servers(5, 5), 1_000_000).text, /up to 5 ms/)
    assert.strictEqual(promiseOf("3.0.0", servers(0, 0), 1_000_000).text, "what is stored survives a power cut")
    for (const [known, now] of [
      [undefined, 0],
      [servers(), 1_000_000],
      [servers(5), 1_200_000]
    ] as const) {
      const promise = promiseOf("2.10.27", known, now)
      assert.match(promise.text, /^unknown what a power cut takes: .* crash of any process/)
      assert.strictEqual(promise.powerCutLosesSeconds, -1)
      // At a first start the registry has asked nobody yet.
      assert.isFalse(isToldYet(promise, 59_000))
      assert.isTrue(isToldYet(promise, 60_000))
    }
    assert.isTrue(isToldYet(promiseOf("2.10.27", servers(5), 1_000_000), 0))
  })

  for (const [sync, millis] of [
    ["5ms", 5],
    ["always", 0]
  ] as const) {
    it.live(`is read of every server by who has a login of the system account, as ${sync} (trust B1)`, () =>
      Effect.gen(function* () {
        const server = yield* natsServer({ binary: "newest", sync })
        const env = { ROOST_NATS_SYSTEM_USER: "system", ROOST_NATS_SYSTEM_PASSWORD: server.passwords["system"]! }
        yield* Effect.gen(function* () {
          yield* Layer.build(StreamKeeper.layer)
          yield* awaitStreams({ streams: [Streams.uplink], buckets: [Buckets.store] })
          const bucket = yield* openBucket(Buckets.store, Durability)
          yield* waitUntil(Effect.map(Effect.orDie(bucket.get(durabilityKey)), Option.isSome))
          const known = Option.getOrThrow(yield* bucket.get(durabilityKey)).value
          assert.deepStrictEqual(known.servers, [{ name: "roost", syncMillis: millis }])
        }).pipe(Effect.provide(connectionTo(server, env)), Effect.scoped)
        assert.match(metrics.render(), /roost_nats_power_cut_loses_seconds/)
      })
    )
  }
})
