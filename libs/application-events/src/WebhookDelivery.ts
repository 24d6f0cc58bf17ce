import { type ApplicationEvent, type DeadDelivery, type WebhookWithSecret, Streams, Subjects } from "@roost/contracts"
import { type ConsumedMessage, deleteConsumer, durableConsumer, awaitStreams, NatsConnection } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Clock, Effect, FiberMap, Layer, Schedule } from "effect"
import type { HttpClient } from "effect/http"
import { DeliveryStatuses } from "./DeliveryStatuses.ts"
import { answerSecondsMax, send } from "./WebhookRequests.ts"
import { Webhooks } from "./Webhooks.ts"
import { sourcesOf } from "./WebhookSources.ts"

/** Events in one request. */
export const eventsPerRequestMax = 100

export interface DeliveryOptions {
  /** Before the second try; doubled with every further one, up to `retryMillisMax`. */
  readonly retryMillis: number
  readonly retryMillisMax: number
  /** Then the event goes to the stream WEBHOOK_DEAD. */
  readonly triesMax: number
}

/** Some 40 minutes in all. */
export const defaultDelivery: DeliveryOptions = { retryMillis: 1_000, retryMillisMax: 300_000, triesMax: 16 }

/**
 * Delivers to every webhook of the bucket what its kinds and its filter name, at least once. All instances share a durable consumer per
 * webhook and kind. A receiver that is slow, or away, delays nobody else: its events wait in their stream.
 */
export const layerWebhookDelivery = (options: DeliveryOptions = defaultDelivery) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const webhooks = yield* Webhooks
      yield* awaitStreams({ streams: [Streams.webhookDead, Streams.setAside], buckets: [] })
      const fibers = yield* FiberMap.make<string>()
      const run = yield* FiberMap.runtime(fibers)<NatsConnection | HttpClient.HttpClient | DeliveryStatuses>()
      const known = new Map<string, WebhookWithSecret>()
      yield* webhooks.follow({
        onPut: (webhook) => {
          known.set(webhook.webhookId, webhook)
          run(webhook.webhookId, Effect.scoped(deliver(webhook, options)))
        },
        onDelete: (key) => {
          const webhook = known.get(key)
          known.delete(key)
          if (webhook !== undefined) run(key, forget(webhook))
        }
      })
    })
  )

const deliver = Effect.fnUntraced(function* (webhook: WebhookWithSecret, options: DeliveryOptions) {
  const statuses = yield* DeliveryStatuses
  const retryMillis = (deliveries: number) =>
    Math.min(options.retryMillis * 2 ** (deliveries - 1), options.retryMillisMax)
  for (const [durable, { read, stream, subject }] of sourcesOf(webhook)) {
    yield* durableConsumer({
      stream,
      durable,
      filterSubject: subject(webhook),
      startAt: webhook.createdAt,
      batchMax: eventsPerRequestMax,
      // Eight batches may wait here while each runs into `answerSecondsMax`: what came again meanwhile would count as tried.
      ackWaitMillis: 12 * answerSecondsMax * 1000,
      retryMillis,
      handler: Effect.fnUntraced(function* (messages) {
        const events = messages.flatMap((message) => {
          const event = read(message, webhook)
          return event === undefined ? [] : [{ message, event }]
        })
        if (events.length === 0) return undefined
        const now = yield* Clock.currentTimeMillis
        const body = JSON.stringify({ webhookId: webhook.webhookId, events: events.map(({ event }) => event) })
        const { code, error, status } = yield* send({
          url: webhook.url,
          webhookId: webhook.webhookId,
          secret: webhook.secret,
          body,
          now
        })
        const at = yield* Clock.currentTimeMillis
        answered.observe((at - now) / 1e3)
        if (error === undefined) {
          delivered.inc(events.length)
          statuses.note(webhook, { at, status })
          return undefined
        }
        refused.inc()
        const last = events.filter(({ message }) => message.deliveries >= options.triesMax)
        yield* Effect.forEach(last, ({ event, message }) => bury(webhook, event, message, error), { discard: true })
        const again = events.flatMap(({ message }) => (message.deliveries < options.triesMax ? [message] : []))
        const soonest = Math.min(...again.map(({ deliveries }) => deliveries))
        const nextAttemptAt = again.length === 0 ? undefined : at + retryMillis(soonest)
        statuses.note(webhook, { at, status, code, error, nextAttemptAt, buried: last.length })
        return new Set(again)
      })
    })
  }
  return yield* Effect.never
})

/** Without it the event would be lost: the message is acknowledged only after that. */
const bury = Effect.fnUntraced(function* (
  { webhookId }: WebhookWithSecret,
  event: ApplicationEvent,
  { deliveries }: ConsumedMessage,
  reason: string
) {
  const { jetstream } = yield* NatsConnection
  const dead: DeadDelivery = { webhookId, event, tries: deliveries, reason, at: yield* Clock.currentTimeMillis }
  yield* Effect.tryPromise(() => jetstream.publish(Subjects.webhookDead(webhookId), JSON.stringify(dead)))
  buried.inc()
})

/** Its consumers go; what was not delivered is not. */
const forget = (webhook: WebhookWithSecret) =>
  Effect.forEach(sourcesOf(webhook), ([durable, { stream }]) => deleteConsumer(stream, durable), {
    discard: true
  }).pipe(
    Effect.andThen(DeliveryStatuses.use(({ forget }) => forget(webhook.webhookId))),
    Effect.retry(Schedule.spaced("5 seconds"))
  )

const delivered = metrics.counter("roost_webhook_events_total", "Events that a webhook's receiver took.")
const refused = metrics.counter("roost_webhook_refused_total", "Requests that a webhook's receiver did not take.")
const answered = metrics.histogram(
  "roost_webhook_seconds",
  "How long a webhook's receiver took to answer a request, or not to."
)
const buried = metrics.counter("roost_webhook_dead_total", "Events that went to the stream WEBHOOK_DEAD.")
