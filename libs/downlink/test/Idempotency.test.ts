import { assert, describe, it } from "@effect/vitest"
import { Buckets } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { device, instance, settled, world, type World } from "./support/World.ts"

const set = `${device("d")}/measurepoints/temp:set`
const kept = { value: 3, pendingTtl: 3_600 }

/** The record of a process that dies between its command and its answer. */
const forgetAnswers = ({ nats }: World) =>
  Effect.promise(async () => {
    const stream = `KV_${Buckets.idempotency.name}`
    const { state } = await nats.manager.streams.info(stream)
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await nats.manager.streams.getMessage(stream, { seq }).catch(() => null)
      if (message === null || message.data.length === 0) continue
      const { answer: _, ...record } = JSON.parse(
        Buffer.from(message.json<{ record: string }>().record, "base64").toString()
      )
      const body = { record: Buffer.from(JSON.stringify(record)).toString("base64") }
      await nats.jetstream.publish(message.subject, JSON.stringify(body))
    }
  })

const commandsOf = (one: { readonly call: (...args: ["GET", string]) => Effect.Effect<{ readonly body: unknown }> }) =>
  Effect.map(one.call("GET", `${device("d")}/commands`), ({ body }) => (body as { commands: Array<unknown> }).commands)

describe("Idempotency-Key of a command", () => {
  it.live("gets the same answer from every instance, and commands once; another body is 422 (trust F13)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const other = yield* instance(server)
      const first = yield* one.call("POST", set, kept, "k1")
      assert.strictEqual(first.status, 202)
      assert.deepStrictEqual(yield* other.call("POST", set, kept, '"k1"'), first)
      assert.strictEqual((yield* other.call("POST", set, { ...kept, value: 4 }, "k1")).status, 422)
      assert.strictEqual((yield* other.call("POST", `${device("d")}/measurepoints/hum:set`, kept, "k1")).status, 422)
      assert.lengthOf(yield* commandsOf(one), 1)
      assert.notDeepEqual((yield* one.call("POST", set, kept, "k2")).body, first.body)
      assert.notDeepEqual((yield* one.call("POST", set, kept)).body, first.body)
      assert.lengthOf(yield* commandsOf(one), 3)
    })
  )

  it.live("commands once when the same request comes many times at once (trust F13)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const instances = [yield* instance(server), yield* instance(server)]
      const answers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, i) => instances[i % 2]!),
        ({ call }) => call("POST", set, kept, "k"),
        { concurrency: "unbounded" }
      )
      for (const answer of answers) assert.deepStrictEqual(answer, answers[0])
      assert.lengthOf(yield* commandsOf(instances[0]!), 1)
    })
  )

  it.live("finds the command of a run that died before its answer, also when it has ended (trust F13)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const here = yield* world(server, ["d"])
      const one = yield* instance(server)
      const other = yield* instance(server)
      const first = yield* one.call("POST", set, kept, "k")
      yield* forgetAnswers(here)
      assert.deepStrictEqual((yield* other.call("POST", set, kept, "k")).body, first.body)
      yield* forgetAnswers(here)
      yield* other.call("POST", `/v1/commands/${first.body.commandId}:cancel`)
      yield* settled(other, first.body.commandId, "cancelled")
      assert.deepStrictEqual((yield* one.call("POST", set, kept, "k")).body.commandId, first.body.commandId)
      assert.lengthOf(yield* commandsOf(one), 1)
    })
  )

  it.live("records an instant command for an offline device once (trust F13)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const here = yield* world(server, ["d"])
      here.registered.set("d", { _tag: "Found", status: "offline", activated: true, dataFormat: "Json" })
      const one = yield* instance(server)
      const first = yield* one.call("POST", set, { value: 1 }, "k")
      assert.strictEqual(first.status, 409)
      const again = yield* one.call("POST", set, { value: 1 }, "k")
      assert.deepStrictEqual([again.status, again.body.commandId], [409, first.body.commandId])
      assert.lengthOf(yield* commandsOf(one), 1)
    })
  )

  it.live("binds a key that was refused to nothing, and refuses what is no key (trust F13)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      assert.strictEqual((yield* one.call("POST", set, { value: 1, pendingTtl: -1 }, "k")).status, 400)
      assert.strictEqual((yield* one.call("POST", set, kept, "k")).status, 202)
      for (const key of ["", "a b", "x".repeat(256), '""']) {
        assert.strictEqual((yield* one.call("POST", set, kept, key)).status, 400, JSON.stringify(key))
      }
    })
  )
})
