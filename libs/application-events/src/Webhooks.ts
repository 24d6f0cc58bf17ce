import {
  Buckets,
  NoSuchWebhook,
  type NewWebhook,
  parseKey,
  RegistryApi,
  requestBytes,
  requestTime,
  Sealing,
  sealPurpose,
  StoredWebhook,
  TooManyWebhooks,
  type Webhook,
  type WebhookChange,
  webhooksMax,
  type WebhookWithSecret
} from "@roost/contracts"
import { type Bucket, awaitStreams, NatsConnection, type NatsError, openBucket } from "@roost/nats"
import { Config, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { listDead, replayDead } from "./DeadDeliveries.ts"

/** The webhooks, in the bucket WEBHOOKS: every instance delivers what the bucket says. */
export class Webhooks extends Context.Service<
  Webhooks,
  {
    readonly create: (webhook: NewWebhook) => Effect.Effect<WebhookWithSecret, TooManyWebhooks>
    readonly get: (webhookId: string) => Effect.Effect<Webhook, NoSuchWebhook>
    /** Oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<Webhook>>
    readonly change: (webhookId: string, change: WebhookChange) => Effect.Effect<Webhook, NoSuchWebhook>
    readonly delete: (webhookId: string) => Effect.Effect<void, NoSuchWebhook>
    readonly bucket: Bucket<StoredWebhook>
    /** Undefined: it was sealed under another cluster key. */
    readonly secretOf: (webhook: StoredWebhook) => string | undefined
  }
>()("@roost/application-events/Webhooks") {
  static readonly layer = Layer.effect(
    Webhooks,
    Effect.gen(function* () {
      const sealing = new Sealing(parseKey(Redacted.value(yield* ClusterKey))!, sealPurpose.webhook)
      yield* awaitStreams({ streams: [], buckets: [Buckets.webhooks] })
      const bucket = yield* openBucket(Buckets.webhooks, StoredWebhook)
      const all = Effect.map(Effect.orDie(bucket.list(">")), (entries) =>
        entries.map(({ value }) => value).toSorted((a, b) => a.createdAt - b.createdAt)
      )
      const seal = (webhookId: string, secret: string) =>
        Buffer.from(sealing.seal(webhookId, Buffer.from(secret))).toString("base64")
      const get = Effect.fn("Webhooks.get")(function* (webhookId: string) {
        const found = isId(webhookId) ? yield* Effect.orDie(bucket.get(webhookId)) : Option.none()
        if (Option.isSome(found)) return told(found.value.value)
        return yield* new NoSuchWebhook({ detail: `No webhook has the id ${webhookId}.` })
      })
      return Webhooks.of({
        bucket,
        get,
        list: Effect.map(all, (webhooks) => webhooks.map(told)),
        secretOf: ({ sealedSecret, webhookId }) => {
          const secret = sealing.open(webhookId, Buffer.from(sealedSecret, "base64"))
          return secret === undefined ? undefined : Buffer.from(secret).toString("utf8")
        },
        create: Effect.fn("Webhooks.create")(function* ({ secret: given, ...fields }) {
          const webhookId = `wh_${Buffer.from(yield* requestBytes("webhook id", 12)).toString("hex")}`
          const secret = given ?? Buffer.from(yield* requestBytes("webhook secret", 24)).toString("base64url")
          const webhook = { ...fields, webhookId, createdAt: yield* requestTime }
          // By an earlier run of this request.
          if (Option.isSome(yield* Effect.orDie(bucket.get(webhookId)))) return { ...webhook, secret }
          if ((yield* all).length >= webhooksMax) return yield* new TooManyWebhooks({ max: webhooksMax })
          yield* Effect.orDie(bucket.put(webhookId, { ...webhook, sealedSecret: seal(webhookId, secret) }))
          return { ...webhook, secret }
        }),
        change: Effect.fn("Webhooks.change")(function* (webhookId, { secret, url }) {
          yield* get(webhookId)
          const stored = Option.getOrUndefined(yield* Effect.orDie(bucket.get(webhookId)))?.value
          if (stored === undefined) return yield* get(webhookId)
          const changed = {
            ...stored,
            ...(url === undefined ? {} : { url }),
            ...(secret === undefined ? {} : { sealedSecret: seal(webhookId, secret) })
          }
          // Of two who change it at once the later wins, as one after the other.
          yield* Effect.orDie(bucket.put(webhookId, changed))
          return told(changed)
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
    const connection = yield* NatsConnection
    const ofKnown = <A>(webhookId: string, ask: Effect.Effect<A, NatsError, NatsConnection>) =>
      webhooks.get(webhookId).pipe(Effect.andThen(Effect.orDie(ask)), Effect.provideService(NatsConnection, connection))
    return handlers.handleAll({
      createWebhook: ({ payload }) => webhooks.create(payload),
      listWebhooks: () => Effect.map(webhooks.list, (found) => ({ webhooks: found })),
      getWebhook: ({ params }) => webhooks.get(params.webhookId),
      changeWebhook: ({ params, payload }) => webhooks.change(params.webhookId, payload),
      listDeadDeliveries: ({ params: { webhookId } }) =>
        Effect.map(ofKnown(webhookId, listDead(webhookId)), (dead) => ({ dead })),
      replayDeadDeliveries: ({ params: { webhookId } }) =>
        Effect.map(ofKnown(webhookId, replayDead(webhookId)), (replayed) => ({ replayed })),
      deleteWebhook: ({ params }) => webhooks.delete(params.webhookId)
    })
  })
)

const ClusterKey = Config.schema(
  Schema.Redacted(
    Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hexadecimal digits" }))
  ),
  "ROOST_CLUSTER_KEY"
)

const isId = (text: string): boolean => /^wh_[0-9a-f]{24}$/.test(text)

const told = (stored: StoredWebhook): Webhook => {
  const { sealedSecret: _, ...webhook } = stored
  return webhook
}
