import { assert, describe, it } from "@effect/vitest"
import { pendingCommandsPerDeviceMax, placeOf } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect } from "effect"
import { device, instance, settled, world } from "./support/World.ts"

describe("several instances on one NATS", () => {
  it.live("end each command once, whoever hears of it, and agree on it", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { event, nats } = yield* world(server, ["d"])
      const [one, two] = [yield* instance(server), yield* instance(server)]
      const ids: Array<string> = []
      for (let i = 0; i < 30; i++) {
        const body = { inputData: { i }, pendingTtl: i % 3 === 0 ? 1 : 60 }
        ids.push(
          (yield* (i % 2 === 0 ? one : two).call("POST", `${device("d")}/services/s:invoke`, body)).body.commandId
        )
      }
      // A third expires, a third is cancelled at both at once, a third is answered while being cancelled.
      yield* Effect.forEach(
        ids,
        (commandId, i) => {
          if (i % 3 === 0) return Effect.void
          const cancel = Effect.all(
            [
              one.call("POST", `/v1/commands/${commandId}:cancel`),
              two.call("POST", `/v1/commands/${commandId}:cancel`)
            ],
            { concurrency: 2 }
          ).pipe(
            Effect.map((answers) => {
              if (i % 3 === 1) assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 409])
            })
          )
          const answer = event("d", { _tag: "Replied", commandId, at: Date.now(), code: 200 })
          return i % 3 === 1 ? cancel : Effect.all([answer, cancel], { concurrency: 2 })
        },
        { concurrency: 8 }
      )
      for (const [i, commandId] of ids.entries()) {
        const seen = yield* settled(one, commandId, "expired", "cancelled", "succeeded")
        assert.deepStrictEqual((yield* two.call("GET", `/v1/commands/${commandId}`)).body, seen)
        if (i % 3 === 0) assert.strictEqual(seen.state, "expired")
        if (i % 3 === 1) assert.strictEqual(seen.state, "cancelled")
      }
      // Nothing is left in the bucket of the pending, and every command was moved.
      const { pending, ended } = yield* one.store.keysOf(placeOf("pk", "d")).pipe(Effect.orDie)
      assert.deepStrictEqual([pending.length, ended.length], [0, 30])
      yield* waitUntil(
        Effect.promise(() => nats.manager.streams.info("COMMAND_EVENT")).pipe(
          Effect.map((info) => info.state.messages === 0)
        )
      )
    })
  )

  it.live(
    `let a device have ${pendingCommandsPerDeviceMax} pending commands, not more, and more when one has ended`,
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        yield* world(server, ["d"])
        const instances = [yield* instance(server), yield* instance(server)]
        const issue = (i: number) =>
          instances[i % 2]!.call("POST", `${device("d")}/measurepoints/p:set`, { value: i, pendingTtl: 60 })
        const answers = yield* Effect.forEach(
          Array.from({ length: 60 }, (_, i) => i),
          issue,
          { concurrency: 10 }
        )
        const taken = answers.filter(({ status }) => status === 202)
        assert.isAtMost(taken.length, pendingCommandsPerDeviceMax)
        // Instances that met at the last place may have left it free.
        for (let i = taken.length; i < pendingCommandsPerDeviceMax; i++)
          assert.strictEqual((yield* issue(i)).status, 202)
        const refused = yield* issue(0)
        assert.deepStrictEqual([refused.status, refused.body.code], [429, 11902])
        const { pending } = yield* instances[1]!.store.keysOf(placeOf("pk", "d")).pipe(Effect.orDie)
        assert.strictEqual(pending.length, pendingCommandsPerDeviceMax)
        yield* instances[0]!.call("POST", `/v1/commands/${taken[0]!.body.commandId}:cancel`)
        yield* waitUntil(Effect.map(issue(1), ({ status }) => status === 202))
      })
  )

  it.live("go on where another was killed, and after nats-server was", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const commandId = yield* Effect.scoped(
        Effect.gen(function* () {
          const first = yield* instance(server)
          const body = { value: 1, pendingTtl: 2 }
          return (yield* first.call("POST", `${device("d")}/measurepoints/p:set`, body)).body.commandId as string
        })
      )
      const second = yield* instance(server)
      yield* server.stop("SIGKILL")
      yield* waitUntil(() => !second.health.readiness().ready)
      assert.strictEqual((yield* second.call("GET", `/v1/commands/${commandId}`)).status, 503)
      yield* server.start
      yield* settled(second, commandId, "expired")
    })
  )
})
