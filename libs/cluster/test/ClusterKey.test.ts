import { assert, describe, it } from "@effect/vitest"
import { Buckets } from "@roost/contracts"
import { ensureStreams, NatsConnection, openBucket } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import { foreignKey, type SealedBy } from "../src/ClusterKey.ts"
import { clusterRecordKey, LeaseRecord } from "../src/LeaseRecords.ts"

const [ours, theirs] = ["0123456789abcdef", "fedcba9876543210"] as const

const withLeases = <A, E>(
  test: (parts: {
    readonly judge: (own: string, sealedBy: SealedBy) => Effect.Effect<string | undefined>
    readonly written: Effect.Effect<string | undefined>
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const server = yield* natsServer()
    yield* Effect.gen(function* () {
      yield* ensureStreams({ streams: [], buckets: [Buckets.leases] })
      const bucket = yield* openBucket(Buckets.leases, LeaseRecord)
      yield* test({
        judge: (own, sealedBy) => foreignKey(bucket, [own], Effect.succeed(sealedBy)),
        written: bucket.get(clusterRecordKey).pipe(
          Effect.map((found) =>
            Option.isSome(found) && found.value.value._tag === "Cluster" ? found.value.value.keyCheck : undefined
          ),
          Effect.orDie
        )
      })
    }).pipe(
      Effect.provide(
        NatsConnection.layer("test").pipe(
          Layer.provide(Health.layer),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
        )
      )
    )
  })

describe("the key of a cluster", () => {
  it.live("is the first node's where nothing is sealed yet", () =>
    withLeases(({ judge, written }) =>
      Effect.gen(function* () {
        assert.isUndefined(yield* judge(ours, "nobody"))
        assert.strictEqual(yield* written, ours)
        assert.include(yield* judge(theirs, "nobody"), ours)
        assert.strictEqual(yield* written, ours)
      })
    )
  )

  it.live("is not that of a node which can't open the sessions, where the bucket LEASES is new (trust F7)", () =>
    withLeases(({ judge, written }) =>
      Effect.gen(function* () {
        assert.include(yield* judge(theirs, "another"), "does not open the newest session")
        assert.isUndefined(yield* written)
        assert.isUndefined(yield* judge(ours, "this node"))
        assert.strictEqual(yield* written, ours)
      })
    )
  )

  it.live("is put right by a node that opens the sessions (trust F7)", () =>
    withLeases(({ judge, written }) =>
      Effect.gen(function* () {
        yield* judge(theirs, "nobody")
        assert.include(yield* judge(ours, "another"), theirs)
        assert.include(yield* judge(ours, "nobody"), theirs)
        assert.isUndefined(yield* judge(ours, "this node"))
        assert.strictEqual(yield* written, ours)
        assert.include(yield* judge(theirs, "another"), ours)
      })
    )
  )
})
