import { assert, describe, it } from "@effect/vitest"
import { Subjects } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect } from "effect"
import { device, instance, settled, world } from "./support/World.ts"

const hour = 3_600

describe("what becomes of a command", () => {
  it.live("sent, then succeeded, with what the device said; events that come twice change nothing", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { event } = yield* world(server, ["d"])
      const one = yield* instance(server)
      const { body } = yield* one.call("POST", `${device("d")}/services/open:invoke`, { inputData: {}, pendingTtl: 60 })
      const { commandId } = body
      const at = Date.now()
      yield* event("d", { _tag: "Hinted", commandId, at: at - 5 })
      yield* event("d", { _tag: "Fetched", commandId, at, delivery: 1 })
      yield* event("d", { _tag: "Fetched", commandId, at, delivery: 1 })
      assert.deepInclude(yield* settled(one, commandId, "sent"), { deliveries: 1, sentAt: at })
      const reply = { _tag: "Replied", commandId, at: at + 5, code: 200, message: "ok", data: { angle: 90 } } as const
      yield* event("d", reply)
      yield* event("d", reply)
      assert.deepInclude(yield* settled(one, commandId, "succeeded"), {
        code: 200,
        message: "ok",
        data: { angle: 90 },
        hintedAt: at - 5,
        fetchedAt: at,
        repliedAt: at + 5,
        finishedAt: at + 5
      })
    })
  )

  it.live(
    "timed out with 11915 when the last delivery stays unanswered; a late reply is an event and changes nothing",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const { event, nats } = yield* world(server, ["d"])
        const one = yield* instance(server)
        const { body } = yield* one.call("POST", `${device("d")}/services/open:invoke`, {
          inputData: {},
          pendingTtl: 60,
          timeout: 1
        })
        const { commandId } = body
        for (const delivery of [1, 2, 3]) yield* event("d", { _tag: "Fetched", commandId, at: Date.now(), delivery })
        const ended = yield* settled(one, commandId, "timedOut")
        assert.strictEqual(ended.code, 11915)
        yield* event("d", { _tag: "Replied", commandId, at: Date.now(), code: 200 })
        const reported = yield* Effect.promise(() =>
          nats.manager.streams.getMessage("EVENT", { last_by_subj: "roost.event.pk.d.command-reply-ignored" })
        ).pipe(Effect.delay("20 millis"), Effect.repeat({ until: (message) => message !== null }))
        assert.include(reported!.string(), `the device replied to command ${commandId}, which is timedOut`)
        assert.deepStrictEqual((yield* one.call("GET", `/v1/commands/${commandId}`)).body, ended)
      })
  )

  it.live("expired after pendingTtl", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const { body } = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, pendingTtl: 1 })
      const ended = yield* settled(one, body.commandId, "expired")
      assert.isAtLeast(ended.finishedAt, ended.expiresAt)
    })
  )

  it.live("timed out although its watch never told that it was sent: the deadline of before reads it anew", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { event } = yield* world(server, ["d"])
      const one = yield* instance(server, (subject) => subject.startsWith("$KV.COMMANDS."))
      const draft = { value: 1, pendingTtl: 3, timeout: 1 }
      const { body } = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, draft)
      yield* event("d", { _tag: "Fetched", commandId: body.commandId, at: Date.now(), delivery: 3 })
      yield* settled(one, body.commandId, "sent")
      yield* settled(one, body.commandId, "timedOut")
    })
  )

  it.live(
    "cancelled while it is created, 409 once it was sent or has ended, 404 for no command, 400 for no id of one",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const { event } = yield* world(server, ["d"])
        const one = yield* instance(server)
        const issue = one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, pendingTtl: 60 })
        const first = (yield* issue).body.commandId
        const cancelled = yield* one.call("POST", `/v1/commands/${first}:cancel`)
        assert.deepStrictEqual(cancelled, { status: 200, body: { commandId: first, state: "cancelled" } })
        const again = yield* one.call("POST", `/v1/commands/${first}:cancel`)
        assert.deepStrictEqual([again.status, again.body.state], [409, "cancelled"])
        const second = (yield* issue).body.commandId
        yield* event("d", { _tag: "Fetched", commandId: second, at: Date.now(), delivery: 1 })
        yield* settled(one, second, "sent")
        assert.strictEqual((yield* one.call("POST", `/v1/commands/${second}:cancel`)).status, 409)
        const nobodys = "0".repeat(20)
        for (const [commandId, status] of [
          [nobodys, 404],
          ["x", 404],
          ["*", 400],
          ["%3E", 400]
        ] as const) {
          assert.strictEqual((yield* one.call("GET", `/v1/commands/${commandId}`)).status, status)
          assert.strictEqual((yield* one.call("POST", `/v1/commands/${commandId}:cancel`)).status, status)
        }
      })
  )

  it.live("all cancelled at once, but for what was sent and what is another device's", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { event } = yield* world(server, ["d", "e"])
      const one = yield* instance(server)
      const issue = (deviceKey: string) =>
        one
          .call("POST", `${device(deviceKey)}/measurepoints/p:set`, { value: 1, pendingTtl: 60 })
          .pipe(Effect.map(({ body }) => body.commandId as string))
      const [sent, first, second, other] = [yield* issue("d"), yield* issue("d"), yield* issue("d"), yield* issue("e")]
      yield* event("d", { _tag: "Fetched", commandId: sent, at: Date.now(), delivery: 1 })
      yield* settled(one, sent, "sent")
      const all = one.call("POST", `${device("d")}/commands:cancel`)
      assert.deepStrictEqual(yield* all, { status: 200, body: { commandIds: [first, second] } })
      assert.deepStrictEqual(yield* all, { status: 200, body: { commandIds: [] } })
      for (const [id, state] of [
        [sent, "sent"],
        [second, "cancelled"],
        [other, "created"]
      ] as const) {
        assert.strictEqual((yield* one.call("GET", `/v1/commands/${id}`)).body.state, state)
      }
    })
  )

  it.live("over when its device is deleted, but for those of a later device of the same key", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { event, nats, registered } = yield* world(server, ["d", "other"])
      const one = yield* instance(server)
      const issue = (deviceKey: string) =>
        Effect.map(
          one.call("POST", `${device(deviceKey)}/measurepoints/p:set`, { value: 1, pendingTtl: hour }),
          ({ body }) => body.commandId as string
        )
      const sent = yield* issue("d")
      const waiting = yield* issue("d")
      const others = yield* issue("other")
      yield* event("d", { _tag: "Fetched", commandId: sent, at: Date.now(), delivery: 1 })
      yield* settled(one, sent, "sent")
      const { createdAt } = (yield* one.call("GET", `/v1/commands/${waiting}`)).body
      yield* waitUntil(() => Date.now() > createdAt)
      const later = yield* issue("d")
      const deleted = { productKey: "pk", deviceKey: "d", change: "deleted", credentialVersion: createdAt }
      yield* Effect.promise(() => nats.jetstream.publish(Subjects.credential("pk", "d"), JSON.stringify(deleted)))
      const ends = { code: 11705, message: "the device was deleted" }
      assert.deepInclude(yield* settled(one, waiting, "cancelled"), ends)
      assert.deepInclude(yield* settled(one, sent, "failed"), ends)
      for (const id of [later, others]) {
        assert.strictEqual((yield* one.call("GET", `/v1/commands/${id}`)).body.state, "created")
      }

      // They are not the later device's; while there is none, what became of them is told.
      const listed = Effect.map(one.call("GET", `${device("d")}/commands`), ({ body }) =>
        body.commands.map(({ commandId }: { commandId: string }) => commandId)
      )
      assert.deepStrictEqual(yield* listed, [later, waiting, sent])
      const again = { _tag: "Found", status: "offline", activated: true, dataFormat: "Json" } as const
      registered.set("d", { ...again, createdAt: createdAt + 1 })
      assert.deepStrictEqual(yield* listed, [later])
      registered.set("d", { _tag: "Unknown" })
      assert.lengthOf(yield* listed, 3)
    })
  )
})
