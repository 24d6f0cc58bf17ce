// CPU that publishing to a file-backed stream costs the publisher, per message with its ack, against the client's own
// publish(). Needs a nats-server on the PATH. Usage: node benchmark/StreamPublisher.ts [messages]
import { jetstream, jetstreamManager } from "@nats-io/jetstream"
import { headers as clientHeaders } from "@nats-io/transport-node"
import { Health } from "@roost/observability"
import { natsServer } from "@roost/testkit"
import { ConfigProvider, Deferred, Effect, Layer } from "effect"
import { headerLines, makeStreamPublisher, NatsConnection } from "../src/index.ts"

const messages = Number(process.argv[2] ?? 200_000)
const waitingMax = 512
const payload = new Uint8Array(150).fill(0x61)
const session = "0123456789abcdef0123456789abcdef"
const topic = "/sys/pk/dk/thing/measurepoint/post"

/** Microseconds of CPU of this process per message. */
const measured = <E, R>(name: string, run: Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    const started = performance.now()
    yield* run
    const usage = process.cpuUsage(before)
    const perMessage = (usage.user + usage.system) / messages
    const perSecond = messages / ((performance.now() - started) / 1000)
    console.log(`${name}: ${perMessage.toFixed(2)} µs CPU, ${Math.round(perSecond)} messages/s`)
  })

const ours = (render: (i: number) => string) =>
  Effect.gen(function* () {
    const done = yield* Deferred.make<void>()
    let published = 0
    let settled = 0
    const publisher = yield* makeStreamPublisher({
      inFlightMax: waitingMax,
      onSettled: (_token, outcome) => {
        if (outcome._tag === "Failed") throw new Error(outcome.reason)
        if (++settled === messages) Deferred.doneUnsafe(done, Effect.void)
        else next()
      }
    })
    const next = () => {
      while (published < messages && publisher.publish("bench.a", render(published), payload, published)) published++
    }
    next()
    yield* Deferred.await(done)
  }).pipe(Effect.scoped)

const clients = Effect.gen(function* () {
  const { client } = yield* NatsConnection
  const js = jetstream(client)
  let published = 0
  const worker = async () => {
    while (published < messages) {
      const time = String(1_700_000_000_000 + published++)
      const headers = clientHeaders()
      headers.set("Roost-Session", session)
      headers.set("Roost-Topic", topic)
      headers.set("Roost-Method", "thing.measurepoint.post")
      headers.set("Roost-Time", time)
      headers.set("Nats-Msg-Id", session + time)
      await js.publish("bench.a", payload, { headers })
    }
  }
  yield* Effect.promise(() => Promise.all(Array.from({ length: waitingMax }, worker)))
})

const constant = headerLines([
  ["Roost-Session", session],
  ["Roost-Topic", topic],
  ["Roost-Method", "thing.measurepoint.post"]
])
const rendered = (i: number) =>
  `${constant}Roost-Time: ${1_700_000_000_000 + i}\r\nNats-Msg-Id: ${session}${1_700_000_000_000 + i}\r\n`

const main = Effect.gen(function* () {
  const server = yield* natsServer()
  yield* Effect.gen(function* () {
    const { client } = yield* NatsConnection
    const manager = yield* Effect.promise(() => jetstreamManager(client))
    const add = Effect.promise(() => manager.streams.add({ name: "BENCH", subjects: ["bench.>"] }))
    const purge = Effect.promise(() => manager.streams.purge("BENCH"))
    yield* add
    for (let round = 0; round < 2; round++) {
      yield* measured(
        "StreamPublisher, no headers",
        ours(() => "")
      )
      yield* purge
      yield* measured("StreamPublisher, five headers", ours(rendered))
      yield* Effect.promise(() => manager.streams.delete("BENCH"))
      yield* add
      yield* measured("client's publish(), five headers", clients)
      yield* Effect.promise(() => manager.streams.delete("BENCH"))
      yield* add
    }
  }).pipe(
    Effect.provide(
      NatsConnection.layer("bench").pipe(
        Layer.provide(Health.layer),
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url })))
      )
    )
  )
}).pipe(Effect.scoped)

await Effect.runPromise(main)
