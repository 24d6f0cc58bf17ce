import { assert, describe, it } from "@effect/vitest"
import { DeadDelivery, Streams, Subjects } from "@roost/contracts"
import { allStreams, ensureStreams, EventPublisher, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { natsServer, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger, Schema } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import {
  deliveryQueue,
  DeliveryStatuses,
  layerWebhookClient,
  listDead,
  replayDead,
  layerWebhookDelivery,
  signatureOf,
  tryDelivery,
  Webhooks
} from "../src/index.ts"

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly events: ReadonlyArray<{ readonly type: string; readonly deviceKey: string; readonly raw?: string }>
}

/** A receiver that answers with what it is told: a status, or nothing at all. */
const receiver = (answer: (count: number) => number | undefined) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly received: Array<Received>; readonly close: () => void }>(
      (resume) => {
        const received: Array<Received> = []
        const server = createServer((request, response) => {
          let body = ""
          request.setEncoding("utf8")
          request.on("data", (text: string) => (body += text))
          request.on("end", () => {
            received.push({ headers: request.headers, body, events: JSON.parse(body).events })
            const status = answer(received.length)
            if (status !== undefined) response.writeHead(status).end()
          })
        }).listen(0, "127.0.0.1", () => {
          const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
          const close = () => {
            server.closeAllConnections()
            server.close()
          }
          resume(Effect.succeed({ url, received, close }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const streams = ensureStreams(allStreams)

const onBus = (
  url: string,
  more: Readonly<Record<string, string>> = { ROOST_WEBHOOK_PRIVATE: "true" },
  onLine: (line: string) => void = () => {}
) =>
  layerWebhookDelivery({ retryMillis: 20, retryMillisMax: 40, triesMax: 4 }).pipe(
    Layer.provideMerge(Webhooks.layer),
    Layer.provideMerge(DeliveryStatuses.layer.pipe(Layer.provide(EventPublisher.layer))),
    Layer.provide(layerWebhookClient),
    Layer.provide(Layer.effectDiscard(streams)),
    Layer.provideMerge(NatsConnection.layer("webhook-test")),
    Layer.provideMerge(Health.layer),
    Layer.provide(
      ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url, ROOST_CLUSTER_KEY: "11".repeat(32), ...more }))
    ),
    Layer.provide(Logger.layer([Logger.make(({ message }) => onLine(String(message)))]))
  )

const uplink = (productKey: string, deviceKey: string) =>
  Effect.flatMap(NatsConnection, ({ jetstream }) =>
    Effect.promise(() => jetstream.publish(Subjects.uplink(productKey, deviceKey, "raw"), Uint8Array.of(1)))
  )

const dead = Effect.flatMap(NatsConnection, ({ manager }) =>
  Effect.promise(async () => {
    const { state } = await manager.streams.info(Streams.webhookDead.name)
    const messages = []
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(Streams.webhookDead.name, { seq })
      if (message !== null) messages.push(asDead(message.string()))
    }
    return messages
  })
)
const asDead = Schema.decodeUnknownSync(Schema.fromJsonString(DeadDelivery))

describe("webhooks", () => {
  it.live("get the events of their kinds and devices, signed with their secret, and none from before", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const hook = yield* receiver(() => 204)
      yield* Effect.gen(function* () {
        yield* streams
        yield* uplink("pk1", "before")
        yield* Effect.sleep(20)
        const webhooks = yield* Webhooks
        const made = yield* webhooks.create({ url: hook.url, kinds: ["uplink"], productKey: "pk1" })
        assert.isAtLeast(made.secret.length, 32)
        for (const [productKey, deviceKey] of [
          ["pk1", "a"],
          ["pk2", "a"],
          ["pk1", "b:1"]
        ] as const) {
          yield* uplink(productKey, deviceKey)
        }
        yield* waitUntil(() => hook.received.flatMap(({ events }) => events).length >= 2)
        const events = hook.received.flatMap((request) => request.events)
        assert.deepStrictEqual(
          events.map(({ deviceKey, raw, type }) => [type, deviceKey, raw]),
          [
            ["uplink", "a", "AQ=="],
            ["uplink", "b:1", "AQ=="]
          ]
        )
        const { body, headers } = hook.received[0]!
        const signature = String(headers["roost-signature"])
        const time = Number(/^t=(\d+),/.exec(signature)?.[1])
        assert.closeTo(time, Date.now(), 60_000)
        assert.strictEqual(signature, signatureOf(made.secret, time, body))
        assert.strictEqual(headers["roost-webhook-id"], made.webhookId)
        assert.deepStrictEqual(yield* webhooks.get(made.webhookId), {
          webhookId: made.webhookId,
          url: hook.url,
          kinds: ["uplink"],
          productKey: "pk1",
          createdAt: made.createdAt
        })
      }).pipe(Effect.provide(onBus(server.url)))
    })
  )

  it.live("are tried with a signed request that has no events, and say what came of it", () =>
    Effect.gen(function* () {
      const hook = yield* receiver((count) => (count === 1 ? 204 : 403))
      const webhook = {
        webhookId: "wh_1",
        url: hook.url,
        kinds: ["uplink"],
        createdAt: 0,
        secret: "0123456789abcdef"
      } as const
      const taken = yield* tryDelivery(webhook)
      assert.deepInclude(taken, { taken: true, status: 204 })
      const [request] = hook.received
      assert.deepStrictEqual(JSON.parse(request!.body), { webhookId: "wh_1", test: true, events: [] })
      const signature = String(request!.headers["roost-signature"])
      assert.strictEqual(signature, signatureOf(webhook.secret, Number(/^t=(\d+),/.exec(signature)![1]), request!.body))
      assert.deepInclude(yield* tryDelivery(webhook), { taken: false, status: 403, error: "the receiver answered 403" })
      hook.close()
      assert.match((yield* tryDelivery(webhook)).error ?? "", /the receiver was not reached/)
    }).pipe(
      Effect.provide(layerWebhookClient),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_WEBHOOK_PRIVATE: "true" })))
    )
  )

  it.live("come again until they are taken, and hold up nobody else", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const broken = yield* receiver((count) => (count < 3 ? 503 : 200))
      const silent = yield* receiver(() => undefined)
      const good = yield* receiver(() => 200)
      yield* Effect.gen(function* () {
        yield* streams
        const webhooks = yield* Webhooks
        for (const { url } of [silent, broken, good]) yield* webhooks.create({ url, kinds: ["uplink", "presence"] })
        yield* uplink("pk1", "a")
        yield* waitUntil(
          () => good.received.length === 1 && broken.received.length === 3 && silent.received.length === 1
        )
        assert.deepStrictEqual(
          broken.received.map(({ events }) => events[0]!.deviceKey),
          ["a", "a", "a"]
        )
        assert.isEmpty(yield* dead)
      }).pipe(Effect.provide(onBus(server.url)))
    })
  )

  it.live(
    "that are never taken go to the stream of the dead with the reason, later ones are still tried, and they are delivered when asked for",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        let status = 500
        const hook = yield* receiver(() => status)
        yield* Effect.gen(function* () {
          yield* streams
          const webhooks = yield* Webhooks
          const { webhookId } = yield* webhooks.create({ url: hook.url, kinds: ["uplink"] })
          yield* uplink("pk1", "lost")
          let buried = yield* dead
          while (buried.length === 0) {
            yield* Effect.sleep(20)
            buried = yield* dead
          }
          assert.strictEqual(hook.received.length, 4)
          assert.deepInclude(buried[0], { webhookId, tries: 4, reason: "the receiver answered 500" })
          assert.deepInclude(buried[0]!.event as object, { deviceKey: "lost" })
          status = 200
          yield* uplink("pk1", "later")
          yield* waitUntil(() => hook.received.at(-1)?.events[0]?.deviceKey === "later")
          assert.deepStrictEqual(yield* listDead(webhookId), buried)
          // Somewhere else, under another secret: what is repeated goes where the webhook leads now.
          const repaired = yield* receiver(() => 204)
          const secret = "another secret, long enough"
          yield* webhooks.change(webhookId, { url: repaired.url, secret })
          assert.strictEqual(yield* replayDead(webhookId), 1)
          yield* waitUntil(() => repaired.received.length === 1)
          const { body, events, headers } = repaired.received[0]!
          assert.deepInclude(events[0], { deviceKey: "lost" })
          const signature = String(headers["roost-signature"])
          assert.strictEqual(signature, signatureOf(secret, Number(/^t=(\d+),/.exec(signature)?.[1]), body))
          assert.isEmpty(yield* listDead(webhookId))
          assert.strictEqual(yield* replayDead(webhookId), 0)
        }).pipe(Effect.provide(onBus(server.url)))
      })
  )

  it.live(
    "show how they do: last attempt, failures, health, what waits; their product has an event, the log a line",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        let status = 500
        const hook = yield* receiver(() => status)
        const lines: Array<string> = []
        yield* Effect.gen(function* () {
          yield* streams
          const webhooks = yield* Webhooks
          const statuses = yield* DeliveryStatuses
          const { manager } = yield* NatsConnection
          const webhook = yield* webhooks.create({ url: hook.url, kinds: ["uplink"], productKey: "pk1" })
          const { webhookId } = webhook
          assert.deepStrictEqual(yield* statuses.get(webhookId), { health: "healthy", consecutiveFailures: 0 })
          yield* uplink("pk1", "a")
          yield* waitUntil(Effect.map(statuses.get(webhookId), ({ health }) => health === "dead"))
          const failing = yield* statuses.get(webhookId)
          // Four attempts make it dead; a busy machine may read its health after the next ones.
          assert.isAtLeast(failing.consecutiveFailures, 4)
          assert.deepInclude(failing.lastAttempt, { status: 500, error: "the receiver answered 500" })
          assert.isAtLeast(failing.lastAttempt!.at, failing.failingSince!)
          while ((yield* deliveryQueue(webhook)).dead === 0) yield* Effect.sleep(20)
          assert.deepStrictEqual(yield* deliveryQueue(webhook), { waiting: 0, dead: 1 })
          const told = Effect.promise(() =>
            manager.streams.getMessage("EVENT", { last_by_subj: "roost.event.pk1.=.*" })
          )
          while ((yield* told) === null) yield* Effect.sleep(50)
          const event = (yield* told)!.json<{ kind: string; reason: string; productKey: string; deviceKey: string }>()
          assert.deepInclude(event, { productKey: "pk1", deviceKey: "" })
          assert.match(event.kind, /^webhook-(failing|dead)$/)
          assert.match(event.reason, /did not take (\d) of \1 requests, .*: the receiver answered 500/)
          // One line, whatever fails within the minute.
          yield* uplink("pk1", "b")
          while ((yield* deliveryQueue(webhook)).dead < 2) yield* Effect.sleep(20)
          yield* waitUntil(() => lines.length > 0)
          yield* Effect.sleep(2_500)
          assert.lengthOf(lines, 1)
          assert.include(lines[0], webhookId)
          status = 204
          yield* uplink("pk1", "c")
          yield* waitUntil(Effect.map(statuses.get(webhookId), ({ health }) => health === "healthy"))
          const healthy = yield* statuses.get(webhookId)
          assert.deepStrictEqual([healthy.consecutiveFailures, healthy.lastAttempt?.status], [0, 204])
          assert.notProperty(healthy, "failingSince")
          assert.lengthOf(yield* webhooks.list, 1)
        }).pipe(
          Effect.provide(
            onBus(server.url, { ROOST_WEBHOOK_PRIVATE: "true" }, (line) => {
              if (line.includes("webhook")) lines.push(line)
            })
          )
        )
      })
  )

  it.live("end when they are deleted, with their consumers", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const hook = yield* receiver(() => 200)
      yield* Effect.gen(function* () {
        yield* streams
        const webhooks = yield* Webhooks
        const { manager } = yield* NatsConnection
        const consumers = Effect.promise(async () => (await manager.streams.info("UPLINK")).state.consumer_count)
        const { webhookId } = yield* webhooks.create({ url: hook.url, kinds: ["uplink"] })
        yield* uplink("pk1", "a")
        yield* waitUntil(() => hook.received.length === 1)
        yield* webhooks.delete(webhookId)
        while ((yield* consumers) > 0) yield* Effect.sleep(20)
        assert.isEmpty(yield* webhooks.list)
        assert.strictEqual((yield* Effect.flip(webhooks.get(webhookId)))._tag, "NoSuchWebhook")
      }).pipe(Effect.provide(onBus(server.url)))
    })
  )

  it.live("are sealed whole: who writes to the bucket sends no delivery elsewhere (trust D1)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const hook = yield* receiver(() => 200)
      const thief = yield* receiver(() => 200)
      yield* Effect.gen(function* () {
        yield* streams
        const webhooks = yield* Webhooks
        const { jetstream, manager } = yield* NatsConnection
        const made = yield* webhooks.create({ url: hook.url, kinds: ["uplink"] })
        const other = yield* webhooks.create({ url: thief.url, kinds: ["presence"] })
        const subject = (webhookId: string) => `$KV.WEBHOOKS.${webhookId}`
        const stored = (webhookId: string) =>
          Effect.promise(async () =>
            (await manager.streams.getMessage("KV_WEBHOOKS", { last_by_subj: subject(webhookId) }))!.string()
          )
        const entry = yield* stored(made.webhookId)
        assert.deepStrictEqual(Object.keys(JSON.parse(entry)), ["sealed"])
        const forged = JSON.stringify({ ...made, url: thief.url, sealedSecret: "" })
        // In the clear, another webhook's seal, and a seal with a changed byte: none is believed.
        const changed = entry.replace(/.(?="}$)/, (last) => (last === "A" ? "B" : "A"))
        for (const value of [forged, yield* stored(other.webhookId), changed]) {
          yield* Effect.promise(() => jetstream.publish(subject(made.webhookId), value))
          assert.strictEqual((yield* Effect.exit(webhooks.get(made.webhookId)))._tag, "Failure")
        }
        yield* Effect.promise(() => jetstream.publish(subject(made.webhookId), entry))
        yield* uplink("pk1", "a")
        yield* waitUntil(() => hook.received.length === 1)
        assert.isEmpty(thief.received)
      }).pipe(Effect.provide(onBus(server.url)))
    })
  )

  it.live("don't reach private addresses unless they may", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const hook = yield* receiver(() => 200)
      const { port } = new URL(hook.url)
      yield* Effect.gen(function* () {
        yield* streams
        const webhooks = yield* Webhooks
        for (const host of ["127.0.0.1", "localhost"]) {
          yield* webhooks.create({ url: `http://${host}:${port}/hook`, kinds: ["uplink"] })
        }
        yield* uplink("pk1", "a")
        let buried = yield* dead
        while (buried.length < 2) {
          yield* Effect.sleep(20)
          buried = yield* dead
        }
        for (const { reason } of buried) assert.match(reason, /address .* is private or special/)
        assert.isEmpty(hook.received)
      }).pipe(Effect.provide(onBus(server.url, {})))
    })
  )
})
