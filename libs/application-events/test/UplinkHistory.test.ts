import { assert, describe, it } from "@effect/vitest"
import { Streams, Subjects, UplinkHeader } from "@roost/contracts"
import type { UplinkKind } from "@roost/enos"
import { NatsConnection, StoredMessages } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { headers } from "@nats-io/transport-node"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { readUplinks, type UplinkQuery } from "../src/index.ts"

/** Rounds of a fleet: every device posts once in each, some an event beside. */
const rounds = 30
const fleet = 40

const world = Effect.gen(function* () {
  const server = yield* natsServer()
  const context = yield* Layer.build(
    StoredMessages.layer("test").pipe(
      Layer.provideMerge(NatsConnection.layer("test")),
      Layer.provideMerge(Health.layer),
      Layer.provideMerge(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url }))),
      Layer.provide(Logger.layer([]))
    )
  )
  const sequences: Array<number> = []
  const { client, jetstream, manager } = yield* Effect.provide(NatsConnection, context)
  const post = (device: string, kind: UplinkKind, at: number) => {
    const told = headers()
    told.set(UplinkHeader.time, String(at))
    told.set(UplinkHeader.method, "thing.measurepoint.post")
    return jetstream.publish(Subjects.uplink("pk", device, kind), JSON.stringify({ at }), { headers: told })
  }
  yield* Effect.promise(async () => {
    await manager.streams.add({ name: Streams.uplink.name, subjects: [...Streams.uplink.subjects] })
    for (let round = 1; round <= rounds; round++) {
      const acks = await Promise.all(
        Array.from({ length: fleet }, (_, i) => post(`d${i}`, "measurepoint", round * 1_000))
      )
      sequences.push(acks[7]!.seq)
      if (round % 10 === 0) await post("d7", "event", round * 1_000 + 1)
    }
  })
  const read = (query: Partial<UplinkQuery>) =>
    readUplinks({
      productKey: "pk",
      deviceKey: "d7",
      from: 0,
      to: Infinity,
      before: Infinity,
      limit: 100,
      trail: [],
      copies: [],
      searchMillis: Infinity,
      ...query
    }).pipe(Effect.provide(context))
  const consumers = Effect.promise(async () => (await manager.streams.info(Streams.uplink.name)).state.consumer_count)
  const stored = yield* Effect.provide(StoredMessages, context)
  const deleteMessage = (sequence: number) =>
    Effect.promise(() => manager.streams.deleteMessage(Streams.uplink.name, sequence))
  return { client, consumers, deleteMessage, read, sequences, stored }
})

const times = ({ uplinks }: Effect.Success<ReturnType<typeof readUplinks>>) => uplinks.map(({ time }) => time / 1_000)
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i)

describe("a device's history", () => {
  it.live("is read back from the newest, by a trail and without one, and leaves no consumer", () =>
    Effect.gen(function* () {
      const { consumers, read, sequences } = yield* world
      for (const trail of [[], sequences, sequences.slice(0, 20)]) {
        const points = yield* read({ kind: "measurepoint", trail })
        assert.deepStrictEqual([points.more, points.incomplete, times(points)], [false, false, down(30, 1)])
        const all = yield* read({ trail, limit: 4 })
        assert.deepStrictEqual([all.more, times(all)], [true, [30.001, 30, 29, 28]])
        assert.deepStrictEqual(
          all.uplinks.map(({ kind }) => kind),
          ["event", "measurepoint", "measurepoint", "measurepoint"]
        )
      }
      assert.strictEqual(yield* consumers, 0)
    })
  )

  it.live("is read from copies as far as the stream still has what they are of", () =>
    Effect.gen(function* () {
      const { deleteMessage, read, sequences, stored } = yield* world
      const copies = [...(yield* stored.at(Streams.uplink.name, sequences))]
      // A sign that tells what was read.
      copies[20] = { ...copies[20]!, data: Buffer.from(`{"copy":true}`) }
      const page = (given: typeof copies) =>
        Effect.map(read({ kind: "measurepoint", trail: sequences, copies: given }), (page) => ({
          times: times(page),
          copied: page.uplinks.filter(({ payload }) => (payload as { readonly copy?: boolean }).copy).length
        }))
      assert.deepStrictEqual(yield* page(copies), { times: down(30, 1), copied: 1 })
      assert.deepStrictEqual(yield* page(copies.slice(15, 25)), { times: down(30, 1), copied: 1 })
      // A stream that was set back has others in these places.
      const lost = copies.map((copy) => ({ ...copy, storedAt: copy.storedAt - 60_000 }))
      assert.deepStrictEqual(yield* page(lost), { times: down(30, 1), copied: 0 })
      assert.deepStrictEqual(yield* page([...copies.slice(0, 10), ...lost.slice(10)]), {
        times: down(30, 1),
        copied: 0
      })
      // The first of the device is purged, but not of the stream.
      yield* deleteMessage(sequences[0]!)
      assert.deepStrictEqual(yield* page(copies), { times: down(30, 2), copied: 0 })
    })
  )

  it.live("has pages, a time, and nothing of other devices", () =>
    Effect.gen(function* () {
      const { read, sequences } = yield* world
      for (const trail of [[], sequences]) {
        const seen: Array<number> = []
        for (let before = Infinity; ;) {
          const page = yield* read({ kind: "measurepoint", trail, before, limit: 7 })
          seen.push(...times(page))
          if (!page.more) break
          before = page.uplinks.at(-1)!.sequence
        }
        assert.deepStrictEqual(seen, down(30, 1))
        assert.deepStrictEqual(
          times(yield* read({ trail, kind: "measurepoint", from: 12_000, to: 15_000 })),
          [14, 13, 12]
        )
      }
      assert.deepStrictEqual(times(yield* read({ deviceKey: "nobody" })), [])
      assert.deepStrictEqual(times(yield* read({ kind: "raw" })), [])
      assert.deepStrictEqual((yield* read({ limit: 1 })).uplinks, [
        {
          sequence: rounds * fleet + 3,
          time: 30_001,
          kind: "event",
          topic: "",
          method: "thing.measurepoint.post",
          payload: { at: 30_001 }
        }
      ])
    })
  )
})
