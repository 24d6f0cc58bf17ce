import { assert, describe, it } from "@effect/vitest"
import { Subjects, UplinkHeader } from "@roost/contracts"
import { headerLines, makeStreamPublisher, NatsConnection, StoredMessages, StreamKeeper } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { layerLatestPoints } from "../src/index.ts"
import { id, seededStore } from "./support/SeededStore.ts"
import { layerTemporaryStore } from "./support/TestRegistry.ts"

const payload =
  '{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.50}}}'

const following = (url: string, env: Readonly<Record<string, string>>) =>
  layerLatestPoints.pipe(
    Layer.provideMerge([
      layerTemporaryStore,
      StoredMessages.layer("registry-test"),
      StreamKeeper.layer.pipe(Layer.provideMerge(NatsConnection.layer("registry-test")))
    ]),
    Layer.provideMerge(NatsConnection.layer("registry-test")),
    Layer.provideMerge(Health.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url, ...env }))),
    Layer.provide(Logger.layer([]))
  )

/** Its sequence in the stream. */
const post = Effect.gen(function* () {
  let sequence = 0
  const publisher = yield* makeStreamPublisher({
    onSettled: (_token, settled) => {
      if (settled._tag === "Stored") sequence = settled.sequence
    }
  })
  const lines = headerLines([
    [UplinkHeader.time, "1790000000000"],
    [UplinkHeader.topic, "/sys/pk1/dev1/thing/measurepoint/post"],
    [UplinkHeader.method, "thing.measurepoint.post"]
  ])
  const subject = Subjects.uplink(id.productKey, id.deviceKey, "measurepoint")
  assert.isTrue(publisher.publish(subject, lines, Buffer.from(payload), 1))
  yield* waitUntil(() => sequence > 0)
  return sequence
})

describe("the registry's reading of uplinks", () => {
  for (const [name, env, copies] of [
    ["files an uplink's values, its place in the stream and a copy of it", {}, 1],
    ["makes no copy where copies are off", { ROOST_UPLINK_COPIES: "false" }, 0]
  ] as const) {
    it.live(name, () =>
      Effect.flatMap(natsServer(), ({ url }) =>
        Effect.gen(function* () {
          const store = yield* seededStore
          const seq = yield* post
          yield* waitUntil(Effect.map(store.trail(id), (trail) => trail.length === 1))
          assert.deepStrictEqual(yield* store.trail(id), [seq])
          assert.strictEqual((yield* store.points(id))?.has("temp"), true)
          const found = yield* store.copies(id)
          assert.deepStrictEqual(
            found.map(({ data, header, sequence }) => [
              sequence,
              Buffer.from(data).toString(),
              header(UplinkHeader.time)
            ]),
            copies === 0 ? [] : [[seq, payload, "1790000000000"]]
          )
        }).pipe(Effect.provide(following(url, env)))
      )
    )
  }
})
