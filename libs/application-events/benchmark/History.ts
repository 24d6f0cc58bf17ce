import { headers } from "@nats-io/transport-node"
import { Streams, Subjects, UplinkHeader, type UplinkMessage } from "@roost/contracts"
import { NatsConnection, StoredMessages } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Duration, Effect, Layer } from "effect"
import { readUplinks } from "../src/index.ts"

/**
 * How long the newest 100 uplinks of a device that posts hourly take. The stream has 10 000 000 of 138 888 devices: one of each in each
 * hour of 72. No block that they are in is in the server's memory, except in the rounds that say so.
 *
 * `node libs/application-events/benchmark/History.ts [messages [folder]]`: some 4 GB on the disk for ten million. In a folder that is
 * named the stream stays for the next run.
 */
const messages = Number(process.argv[2] ?? 10_000_000)
const folder = process.argv[3]
const hours = 72
const fleet = Math.floor(messages / hours)
const atOnce = 10_000
/** nats-server 2.9 forgets a block that nobody read for 10 s. */
const coldMillis = 15_000

const payload = JSON.stringify({
  id: "1",
  version: "1.0",
  params: { measurepoints: { temperature: 21.5, humidity: 40.25, pressure: 1013.2, voltage: 3.61, rssi: -87 } }
})

/** The device's, among the others. */
const place = 7

const device = (i: number) => `imei-${86_000_000 + i}`

const fill = Effect.gen(function* () {
  const { client, jetstream, manager } = yield* NatsConnection
  const trail = Array.from({ length: hours }, (_, hour) => hour * fleet + place + 1)
  const sent = headers()
  sent.set(UplinkHeader.session, "0123456789abcdef")
  sent.set(UplinkHeader.topic, "/sys/meters/imei/thing/measurepoint/post")
  sent.set(UplinkHeader.method, "thing.measurepoint.post")
  yield* Effect.promise(async () => {
    const kept = await manager.streams.info(Streams.uplink.name).catch(() => undefined)
    if (kept?.state.messages === messages + 1) return
    await manager.streams.add({ name: Streams.uplink.name, subjects: [...Streams.uplink.subjects] })
    for (let i = 0; i < messages; i++) {
      const subject = Subjects.uplink("meters", i < hours * fleet ? device(i % fleet) : "last", "measurepoint")
      sent.set(UplinkHeader.time, String(1_790_000_000_000 + i))
      if (i % atOnce === atOnce - 1) await jetstream.publish(subject, payload, { headers: sent })
      else client.publish(subject, payload, { headers: sent })
    }
    await jetstream.publish(Subjects.uplink("meters", "last", "measurepoint"), payload, { headers: sent })
  })
  return trail
})

const bench = Effect.gen(function* () {
  const trail = yield* fill
  const stored = yield* StoredMessages
  const copies: ReadonlyArray<UplinkMessage> = yield* stored.at(Streams.uplink.name, trail)
  const read = (copies: ReadonlyArray<UplinkMessage>) =>
    Effect.timed(
      readUplinks({
        productKey: "meters",
        deviceKey: device(place),
        from: 0,
        to: Infinity,
        before: Infinity,
        limit: 100,
        trail,
        copies
      })
    )
  const say = (what: string, taken: ReadonlyArray<number>) =>
    Effect.log(`${what}: ${taken.map((millis) => millis.toFixed(0)).join(", ")} ms`)
  const rounds: Record<string, Array<number>> = { "by trail": [], "by trail, read just before": [], "by copies": [] }
  for (let round = 0; round < 5; round++) {
    for (const [what, given] of [
      ["by trail", []],
      ["by trail, read just before", []],
      ["by copies", copies]
    ] as const) {
      if (!what.endsWith("before")) yield* Effect.sleep(coldMillis)
      const [taken, { uplinks }] = yield* read(given)
      if (uplinks.length !== trail.length) yield* Effect.die(`${uplinks.length} uplinks of ${trail.length}`)
      rounds[what]!.push(Duration.toMillis(taken))
    }
  }
  yield* Effect.forEach(Object.entries(rounds), ([what, taken]) => say(what, taken))
})

const world = Effect.gen(function* () {
  const server = yield* natsServer(folder === undefined ? {} : { storeDirectory: folder })
  yield* bench.pipe(
    Effect.provide(
      StoredMessages.layer("benchmark").pipe(
        Layer.provideMerge(NatsConnection.layer("benchmark")),
        Layer.provideMerge(Health.layer),
        Layer.provideMerge(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
      )
    )
  )
})

await Effect.runPromise(Effect.scoped(world))
