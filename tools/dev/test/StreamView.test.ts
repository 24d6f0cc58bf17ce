import { assert, layer } from "@effect/vitest"
import { jetstream, jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Streams } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Context, Effect, Layer } from "effect"
import { linesPerLookMax, StreamView } from "../src/StreamView.ts"

class Bus extends Context.Service<Bus, NatsConnection>()("Bus") {}

const layerBus = Layer.effect(
  Bus,
  Effect.gen(function* () {
    const { url } = yield* natsServer()
    const client = yield* Effect.acquireRelease(
      Effect.promise(() => connect({ servers: url })),
      (connection) => Effect.promise(() => connection.close())
    )
    const manager = yield* Effect.promise(() => jetstreamManager(client))
    for (const { name, subjects } of [Streams.uplink, Streams.presence, Streams.event, Streams.stranger]) {
      yield* Effect.promise(() => manager.streams.add({ name, subjects: [...subjects] }))
    }
    return client
  })
)

const follow = Effect.fnUntraced(function* (only: string | undefined | null) {
  const client = yield* Bus
  const view = new StreamView(client, only)
  const look = Effect.promise(async () => {
    const { leftOut, lines } = await view.look()
    return { leftOut, devices: lines.map(({ device }) => device) }
  })
  yield* look
  return look
})

const publish = (...messages: ReadonlyArray<readonly [subject: string, payload: unknown]>) =>
  Effect.flatMap(Bus, (client) =>
    Effect.promise(() =>
      Promise.all(messages.map(([subject, payload]) => jetstream(client).publish(subject, JSON.stringify(payload))))
    )
  )
const uplinks = (product: string, count: number) =>
  publish(...Array.from({ length: count }, (_, i) => [`roost.uplink.${product}.d${i}.measurepoint`, {}] as const))

layer(layerBus)("the terminal", (it) => {
  it.effect("shows what came since the last look, once, and of much the end and a number", () =>
    Effect.gen(function* () {
      const look = yield* follow(undefined)
      yield* uplinks("pk", 2)
      assert.deepStrictEqual(yield* look, { leftOut: "", devices: ["pk/d0", "pk/d1"] })
      assert.deepStrictEqual(yield* look, { leftOut: "", devices: [] })
      yield* uplinks("pk", 50)
      const { devices, leftOut } = yield* look
      assert.strictEqual(leftOut, `${50 - linesPerLookMax} uplink`)
      assert.strictEqual(devices.length, linesPerLookMax)
    })
  )

  it.effect("shows the devices that were chosen, however many others there are between them", () =>
    Effect.gen(function* () {
      const [byProduct, byDevice, byBeginning] = [yield* follow("demo/"), yield* follow("demo/d1"), yield* follow("de")]
      yield* uplinks("load", 300)
      yield* uplinks("demo", 2)
      assert.deepStrictEqual(yield* byProduct, { leftOut: "", devices: ["demo/d0", "demo/d1"] })
      assert.deepStrictEqual(yield* byDevice, { leftOut: "", devices: ["demo/d1"] })
      assert.strictEqual((yield* byBeginning).leftOut, "some uplink")
    })
  )

  it.effect("shows what befell Roost itself whatever was chosen", () =>
    Effect.gen(function* () {
      const [none, some] = [yield* follow(null), yield* follow("demo/")]
      yield* uplinks("pk", 1)
      yield* publish(["roost.event.operator.full", { kind: "full", reason: "a stream" }])
      assert.deepStrictEqual((yield* none).devices, ["roost"])
      assert.deepStrictEqual((yield* some).devices, ["roost"])
    })
  )
})
