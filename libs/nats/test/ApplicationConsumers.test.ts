import { assert, describe, it } from "@effect/vitest"
import { type ApplicationConsumer, applicationConsumerRpc, Streams } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Effect, Layer } from "effect"
import { ApplicationConsumers, ensureStreams, requestRpc } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const ask = (wanted: Partial<ApplicationConsumer>) =>
  requestRpc(applicationConsumerRpc, { stream: "UPLINK", consumer: "billing", ...wanted })
const outcomeOf = (wanted: Partial<ApplicationConsumer>) =>
  Effect.map(ask(wanted), (reply) => (reply._tag === "Ready" ? reply.filterSubject : reply.reason))

describe("an application's consumer", () => {
  it.live("is made once, with one filter, and under no name of Roost's; there are no more than may be (trust D1)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        yield* ensureStreams({ streams: [Streams.uplink, Streams.presence], buckets: [] })
        yield* Layer.build(ApplicationConsumers.layer(3))
        assert.strictEqual(yield* outcomeOf({ productKey: "pk.1", kind: "raw" }), "roost.uplink.pk=2E1.*.raw")
        assert.strictEqual(yield* outcomeOf({ productKey: "pk.1", kind: "raw" }), "roost.uplink.pk=2E1.*.raw")
        assert.strictEqual(yield* outcomeOf({ productKey: "pk2" }), "OtherFilter")
        assert.strictEqual(yield* outcomeOf({ consumer: "registry-presence" }), "NameTaken")
        assert.strictEqual(yield* outcomeOf({ stream: "PRESENCE", kind: "online" }), "NoSuchKind")
        assert.strictEqual(yield* outcomeOf({ consumer: "second" }), "roost.uplink.*.*.*")
        assert.strictEqual(yield* outcomeOf({ consumer: "third" }), "roost.uplink.*.*.*")
        assert.strictEqual(yield* outcomeOf({ consumer: "fourth" }), "TooMany")
        assert.strictEqual(yield* outcomeOf({ consumer: "third" }), "roost.uplink.*.*.*")
        assert.strictEqual(yield* outcomeOf({ stream: "PRESENCE", consumer: "fourth" }), "roost.presence.*.*")
      }).pipe(Effect.provide(connectionTo(server)), Effect.scoped)
    })
  )
})
