import { assert, describe, it } from "@effect/vitest"
import { Buckets, sealingKeys, Sealing, sealPurpose } from "@roost/contracts"
import { ensureStreams, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { sessionSubject } from "../src/service/NatsEffects.ts"
import { sealedBy } from "../src/service/sealedBy.ts"

const sealingOf = (byte: number, previous?: number) =>
  new Sealing(
    sealingKeys(new Uint8Array(32).fill(byte), previous === undefined ? undefined : new Uint8Array(32).fill(previous)),
    sealPurpose.session
  )

describe("who sealed the sessions of a cluster", () => {
  it.live("is told by the newest one, whatever was deleted since (trust F7)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        yield* ensureStreams({ streams: [], buckets: [Buckets.sessions] })
        const { jetstream } = yield* NatsConnection
        const put = (key: string, data: Uint8Array) =>
          Effect.promise(() => jetstream.publish(sessionSubject(key), data))
        const [right, wrong] = [sealingOf(1), sealingOf(2)]
        const ofRight = yield* sealedBy(right)
        const ofWrong = yield* sealedBy(wrong)

        assert.strictEqual(yield* ofRight, "nobody")
        yield* put("3.abc", right.seal("3.abc", Uint8Array.of(1, 2, 3)))
        assert.strictEqual(yield* ofRight, "this node")
        assert.strictEqual(yield* ofWrong, "another")
        assert.strictEqual(yield* yield* sealedBy(sealingOf(2, 1)), "this node")

        yield* put("4.def", new Uint8Array(0))
        assert.strictEqual(yield* ofRight, "this node")
        assert.strictEqual(yield* ofWrong, "another")
      }).pipe(
        Effect.provide(
          NatsConnection.layer("test").pipe(
            Layer.provide(Health.layer),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
          )
        )
      )
    })
  )
})
