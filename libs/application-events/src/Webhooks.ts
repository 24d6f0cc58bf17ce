import {
  Buckets,
  NoSuchWebhook,
  type NewWebhook,
  RegistryApi,
  RegistryKeys,
  requestBytes,
  requestTime,
  Sealing,
  sealPurpose,
  TooManyWebhooks,
  type Webhook,
  type WebhookChange,
  webhookFixed,
  webhooksMax,
  WebhookWithSecret
} from "@roost/contracts"
import { grantedOf, noteBefore, requireGranted, requireUnchanged } from "@roost/http"
import {
  awaitStreams,
  type Entry,
  NatsConnection,
  type NatsError,
  type OpenedText,
  openSealedBucket
} from "@roost/nats"
import { Context, Effect, Layer, Option, Result, Schema, type Scope } from "effect"
import { HttpClient } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { listDead, replayDead } from "./DeadDeliveries.ts"
import { deliveryQueue } from "./DeliveryQueue.ts"
import { DeliveryStatuses } from "./DeliveryStatuses.ts"
import { Registered } from "./Registered.ts"
import { tryDelivery } from "./WebhookRequests.ts"

/** Webhooks of a list that are looked at together; each takes some five questions to the nats-server. */
const readTogetherMax = 16

/** The webhooks, in the bucket WEBHOOKS: every instance delivers what the bucket says. */
export class Webhooks extends Context.Service<
  Webhooks,
  {
    readonly create: (webhook: NewWebhook) => Effect.Effect<WebhookWithSecret, TooManyWebhooks>
    readonly get: (webhookId: string) => Effect.Effect<Webhook, NoSuchWebhook>
    /** For who signs in its name. */
    readonly withSecret: (webhookId: string) => Effect.Effect<WebhookWithSecret, NoSuchWebhook>
    /** Oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<Webhook>>
    readonly change: (webhookId: string, change: WebhookChange) => Effect.Effect<Webhook, NoSuchWebhook>
    readonly delete: (webhookId: string) => Effect.Effect<void, NoSuchWebhook>
    /** Deletes those that hear of this product only. */
    readonly forgetProduct: (productKey: string) => Effect.Effect<void>
    /** Those there are, then each change, for as long as the scope lasts. A secret that does not open is logged and left out. */
    readonly follow: (handlers: {
      readonly onPut: (webhook: WebhookWithSecret) => void
      readonly onDelete: (webhookId: string) => void
    }) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@roost/application-events/Webhooks") {
  static readonly layer = Layer.effect(
    Webhooks,
    Effect.gen(function* () {
      const sealing = new Sealing(yield* RegistryKeys, sealPurpose.webhook)
      yield* awaitStreams({ streams: [], buckets: [Buckets.webhooks] })
      const bucket = yield* openSealedBucket(Buckets.webhooks, sealing, { keys: webhookKeys, called: "webhooks" })
      const put = (webhook: WebhookWithSecret) => bucket.put(webhook.webhookId, JSON.stringify(webhook))
      const opened = ({ value }: Entry<OpenedText>): WebhookWithSecret | undefined =>
        value === undefined ? undefined : Result.getOrElse(decodeWebhook(value), () => undefined)
      const find = Effect.fnUntraced(function* (webhookId: string) {
        const found = isId(webhookId) ? yield* Effect.orDie(bucket.get(webhookId)) : Option.none()
        const webhook = Option.isSome(found) ? opened(found.value) : undefined
        if (webhook !== undefined) return webhook
        return yield* new NoSuchWebhook({ detail: `No webhook has the id ${webhookId}.` })
      })
      const all = Effect.map(Effect.orDie(bucket.list(webhookKeys)), (entries) =>
        entries
          .map(opened)
          .filter((webhook) => webhook !== undefined)
          .toSorted((a, b) => a.createdAt - b.createdAt)
      )
      const get = Effect.fn("Webhooks.get")((webhookId: string) => Effect.map(find(webhookId), told))
      const log = Effect.runForkWith(yield* Effect.context<never>())
      return Webhooks.of({
        get,
        withSecret: find,
        list: Effect.map(all, (webhooks) => webhooks.map(told)),
        follow: ({ onDelete, onPut }) =>
          bucket.watch(webhookKeys, {
            onPut: (entry) => {
              const webhook = opened(entry)
              if (webhook !== undefined) return onPut(webhook)
              log(Effect.logWarning(`webhook ${entry.key} does not open: it was sealed under another key, or forged`))
            },
            onDelete
          }),
        create: Effect.fn("Webhooks.create")(function* ({ secret: given, ...fields }) {
          const webhookId = `wh_${Buffer.from(yield* requestBytes("webhook id", 12)).toString("hex")}`
          const secret = given ?? Buffer.from(yield* requestBytes("webhook secret", 24)).toString("base64url")
          const webhook = { ...fields, webhookId, createdAt: yield* requestTime }
          // By an earlier run of this request.
          if (Option.isSome(yield* Effect.orDie(bucket.get(webhookId)))) return { ...webhook, secret }
          if ((yield* all).length >= webhooksMax) return yield* new TooManyWebhooks({ max: webhooksMax })
          yield* Effect.orDie(put({ ...webhook, secret }))
          return { ...webhook, secret }
        }),
        change: Effect.fn("Webhooks.change")(function* (webhookId, { secret, url }) {
          const stored = yield* find(webhookId)
          const changed = { ...stored, url: url ?? stored.url, secret: secret ?? stored.secret }
          if (changed.url === stored.url && changed.secret === stored.secret) return told(stored)
          // Of two who change it at once the later wins, as one after the other.
          yield* Effect.orDie(put(changed))
          return told(changed)
        }),
        forgetProduct: Effect.fn("Webhooks.forgetProduct")(function* (productKey) {
          for (const webhook of yield* all) {
            if (webhook.productKey === productKey) yield* Effect.orDie(bucket.delete(webhook.webhookId))
          }
        }),
        delete: Effect.fn("Webhooks.delete")(function* (webhookId) {
          yield* get(webhookId)
          yield* Effect.orDie(bucket.delete(webhookId))
        })
      })
    })
  )
}

export const WebhookHandlers = HttpApiBuilder.group(
  RegistryApi,
  "webhooks",
  Effect.fnUntraced(function* (handlers) {
    const webhooks = yield* Webhooks
    const registered = yield* Registered
    const statuses = yield* DeliveryStatuses
    const connection = yield* NatsConnection
    const client = yield* HttpClient.HttpClient
    /** One of all products is for who has a grant of all. */
    const granted = (webhookId: string) =>
      Effect.tap(webhooks.get(webhookId), ({ productKey }) => requireGranted(productKey))
    const noteAsBefore = (webhook: Webhook) => noteBefore(Effect.succeed(webhook))
    const ofKnown = <A>(webhookId: string, ask: Effect.Effect<A, NatsError, NatsConnection>) =>
      granted(webhookId).pipe(Effect.andThen(Effect.orDie(ask)), Effect.provideService(NatsConnection, connection))
    const withDelivery = (webhook: Webhook) =>
      Effect.all(
        [
          Effect.orDie(statuses.get(webhook.webhookId)),
          Effect.provideService(deliveryQueue(webhook), NatsConnection, connection)
        ],
        { concurrency: 2 }
      ).pipe(Effect.map(([delivery, queue]) => ({ ...webhook, delivery, ...queue })))
    return handlers.handleAll({
      createWebhook: Effect.fnUntraced(function* ({ payload }) {
        const { deviceKey, productKey } = payload
        if (productKey !== undefined) {
          yield* registered.requireProduct(productKey)
          if (deviceKey !== undefined) yield* registered.requireDevice({ productKey, deviceKey })
        }
        return yield* webhooks.create(payload)
      }),
      listWebhooks: () =>
        webhooks.list.pipe(
          Effect.flatMap(grantedOf),
          Effect.flatMap(Effect.forEach(withDelivery, { concurrency: readTogetherMax })),
          Effect.map((found) => ({ webhooks: found }))
        ),
      getWebhook: ({ params }) => Effect.flatMap(granted(params.webhookId), withDelivery),
      changeWebhook: ({ params: { webhookId }, payload }) =>
        Effect.andThen(
          Effect.flatMap(Effect.tap(granted(webhookId), noteAsBefore), (known) =>
            requireUnchanged(payload, webhookFixed, Effect.succeed(known))
          ),
          webhooks.change(webhookId, payload)
        ),
      testWebhook: ({ params }) =>
        Effect.flatMap(Effect.andThen(granted(params.webhookId), webhooks.withSecret(params.webhookId)), (webhook) =>
          Effect.provideService(tryDelivery(webhook), HttpClient.HttpClient, client)
        ),
      listDeadDeliveries: ({ params: { webhookId } }) =>
        Effect.map(ofKnown(webhookId, listDead(webhookId)), (dead) => ({ dead })),
      replayDeadDeliveries: ({ params: { webhookId } }) =>
        Effect.map(ofKnown(webhookId, replayDead(webhookId)), (replayed) => ({ replayed })),
      deleteWebhook: ({ params: { webhookId } }) =>
        Effect.andThen(Effect.tap(granted(webhookId), noteAsBefore), webhooks.delete(webhookId))
    })
  })
)

const decodeWebhook = Schema.decodeUnknownResult(Schema.fromJsonString(WebhookWithSecret))

/** Their statuses have other ones in the bucket. */
const webhookKeys = "*"

const isId = (text: string): boolean => /^wh_[0-9a-f]{24}$/.test(text)

const told = (stored: WebhookWithSecret): Webhook => {
  const { secret: _, ...webhook } = stored
  return webhook
}
