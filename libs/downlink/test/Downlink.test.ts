import { assert, describe, it } from "@effect/vitest"
import { Buckets, commandKey, pendingCommandsPerDeviceMax, placeOf, Subjects } from "@roost/contracts"
import { natsServer, waitUntil } from "@roost/testkit"
import { Effect } from "effect"
import { device, instance, settled, world } from "./support/World.ts"

const hour = 3_600

describe("issuing a command", () => {
  it.live("stores it before it answers 202, as the entry that the device's actor reads", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { nats } = yield* world(server, ["imei:1.a"])
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("imei:1.a")}/measurepoints/temp:set`, {
        value: 3,
        pendingTtl: hour
      })
      assert.strictEqual(answer.status, 202)
      assert.strictEqual(answer.body.state, "created")
      const key = commandKey(answer.body.commandId)!
      assert.isTrue(key.startsWith(`${placeOf("pk", "imei:1.a").partition}.`))
      const stored = yield* Effect.promise(() =>
        nats.manager.streams.getMessage(`KV_${Buckets.commands.name}`, { last_by_subj: `$KV.COMMANDS.${key}` })
      )
      const entry = stored!.json<{ payload: string; expiresAt: number; createdAt: number; topic: string }>()
      assert.strictEqual(entry.topic, "/sys/pk/imei:1.a/thing/service/measurepoint/set")
      assert.strictEqual(entry.expiresAt - entry.createdAt, hour * 1000)
      assert.deepStrictEqual(JSON.parse(Buffer.from(entry.payload, "base64").toString()), {
        id: answer.body.commandId,
        version: "1.0",
        method: "thing.service.measurepoint.set",
        params: { temp: 3 }
      })
    })
  )

  it.live("takes gets, service calls and raw bytes, and refuses what is no such call with 400", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const statuses: Array<number> = []
      const at = device("d")
      const raw = Uint8Array.of(0, 255, 7)
      const sent = yield* one.call("POST", `${at}/raw?pendingTtl=60&timeout=5`, raw)
      const command = (yield* one.call("GET", `/v1/commands/${sent.body.commandId}`)).body
      assert.deepInclude(command, {
        payload: Buffer.from(raw).toString("base64"),
        timeout: 5,
        pendingTtl: 60,
        kind: "raw"
      })
      for (const [path, body] of [
        ["measurepoints:get", { ids: ["a", "b"], pendingTtl: 60 }],
        ["services/reboot:invoke", { inputData: { now: true }, pendingTtl: 172_800, timeout: 60 }],
        ["ota:upgrade", { version: "2", fileUrl: "https://f.example/2", fileSize: 1, sign: "ab", pendingTtl: 60 }],
        ["services/reboot:invoke", { inputData: {}, pendingTtl: 172_801 }],
        ["services/reboot:invoke", { inputData: {}, pendingTtl: 60, timeout: 61 }],
        ["services/reboot_reply:invoke", { inputData: {}, pendingTtl: 60 }],
        ["measurepoints:get", { ids: [], pendingTtl: 60 }],
        ["measurepoints/a%2Fb:set", { value: 1, pendingTtl: 60 }]
      ] as const) {
        statuses.push((yield* one.call("POST", `${at}/${path}`, body)).status)
      }
      assert.deepStrictEqual(statuses, [202, 202, 202, 400, 400, 400, 400, 400])
    })
  )

  it.live("shows what was asked for as it was written, and base64 of bytes only", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const written = (text: string) => JSON.rawJSON(text)
      const firmware = { version: "2", fileUrl: "https://f.example/2", fileSize: 1, sign: "ab" }
      for (const [path, body, shown] of [
        ["measurepoints/limit:set", { value: written("30.50") }, '"value":30.50'],
        ["measurepoints/limit:set", { value: null }, '"value":null'],
        ["measurepoints/__proto__:set", { value: 1 }, '"value":1'],
        ["measurepoints:get", { ids: ["a", "b"] }, '"ids":["a","b"]'],
        [
          "services/tune:invoke",
          { inputData: { x: written("9007199254740993") } },
          '"inputData":{"x":9007199254740993}'
        ],
        ["ota:upgrade", firmware, '"fileUrl":"https://f.example/2"']
      ] as const) {
        const { commandId } = (yield* one.call("POST", `${device("d")}/${path}`, {
          ...body,
          pendingTtl: 3_600,
          timeout: 5
        })).body
        assert.include(yield* one.read(`/v1/commands/${commandId}`), shown)
        assert.include(yield* one.read(`${device("d")}/commands?limit=1`), shown)
        const { body: told } = yield* one.call("GET", `/v1/commands/${commandId}`)
        assert.deepInclude(told, { pendingTtl: 3_600, timeout: 5, instant: false, deliveries: 0, maxDeliveries: 3 })
        assert.notProperty(told, "payload")
      }
    })
  )

  it.live("says why a device can't have one, with EnOS's code", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { registered } = yield* world(server, ["ok", "inactive", "disabled", "custom"])
      registered.set("inactive", { _tag: "Found", status: "inactive", activated: false, dataFormat: "Json" })
      registered.set("disabled", { _tag: "Found", status: "disabled", activated: true, dataFormat: "Json" })
      registered.set("custom", { _tag: "Found", status: "offline", activated: true, dataFormat: "Custom" })
      const one = yield* instance(server)
      const ask = (deviceKey: string, value: unknown = 1) =>
        one
          .call("POST", `${device(deviceKey)}/measurepoints/p:set`, { value, pendingTtl: 60 })
          .pipe(Effect.map(({ status, body }) => [status, body.type.slice("urn:roost:problem:".length), body.code]))
      assert.deepStrictEqual(yield* ask("unknown"), [404, "no-such-device", 11_705])
      assert.deepStrictEqual(yield* ask("inactive"), [409, "device-not-activated", 11888])
      assert.deepStrictEqual(yield* ask("disabled"), [409, "device-disabled", undefined])
      assert.deepStrictEqual(yield* ask("custom"), [422, "not-encodable", 11810])
      assert.deepStrictEqual(yield* ask("ok", "x".repeat(20_000)), [422, "not-encodable", 11810])
    })
  )

  it.live("takes a command right after the first handshake, of which the registry has not heard yet", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { online, registered } = yield* world(server, ["d"])
      registered.set("d", { _tag: "Found", status: "inactive", activated: false, dataFormat: "Json" })
      online.add("d")
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, pendingTtl: 60 })
      assert.strictEqual(answer.status, 202)
    })
  )

  it.live("says 503 while no registry answers", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, pendingTtl: 60 })
      assert.deepStrictEqual([answer.status, answer.body.detail], [503, "The registry does not answer."])
    })
  )

  it.live("fails an instant command for an offline device at once with 11900, and keeps it on record", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const answer = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1 })
      assert.deepStrictEqual([answer.status, answer.body.code], [409, 11900])
      const recorded = yield* one.call("GET", `/v1/commands/${answer.body.commandId}`)
      assert.deepInclude(recorded.body, { state: "failed", code: 11900 })
    })
  )

  it.live("holds an instant command for an online device for its timeout, then fails it with 11904", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { online } = yield* world(server, ["d"])
      online.add("d")
      const one = yield* instance(server)
      const { status, body } = yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: 1, timeout: 1 })
      assert.deepStrictEqual([status, body.state], [202, "created"])
      const ended = yield* settled(one, body.commandId, "failed")
      assert.strictEqual(ended.code, 11904)
      assert.isAtLeast(ended.finishedAt - ended.createdAt, 1_000)
    })
  )
})

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

  it.live("listed newest first, by page and by state, only for its device", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d", "e"])
      const one = yield* instance(server)
      const ids: Array<string> = []
      for (let i = 0; i < 5; i++) {
        ids.push(
          (yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: i, pendingTtl: 60 })).body.commandId
        )
      }
      yield* one.call("POST", `${device("e")}/measurepoints/p:set`, { value: 9, pendingTtl: 60 })
      yield* one.call("POST", `/v1/commands/${ids[1]}:cancel`)
      const page = (query: string) =>
        one.call("GET", `${device("d")}/commands?${query}`).pipe(
          Effect.map(({ body }) => ({
            ids: body.commands.map((command: { commandId: string }) => ids.indexOf(command.commandId)),
            nextCursor: body.nextCursor
          }))
        )
      const first = yield* page("limit=3")
      assert.deepStrictEqual(first.ids, [4, 3, 2])
      const second = yield* page(`limit=3&cursor=${first.nextCursor}`)
      assert.deepStrictEqual(second, { ids: [1, 0], nextCursor: undefined })
      assert.deepStrictEqual((yield* page("state=cancelled")).ids, [1])
      assert.strictEqual((yield* one.call("GET", `${device("d")}/commands?state=nonsense`)).status, 400)
    })
  )
})

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
