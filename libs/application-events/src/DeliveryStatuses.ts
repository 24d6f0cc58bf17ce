import {
  Buckets,
  type DeviceEvent,
  type DeviceEventKind,
  DeliveryStatus,
  type WebhookWithSecret,
  Subjects
} from "@roost/contracts"
import { codeAndLink, isRefusalCode, type RefusalCode } from "@roost/explain"
import { EventPublisher, type NatsConnection, type NatsError, openBucket } from "@roost/nats"
import { Clock, Context, Effect, Layer, Option } from "effect"
import { afterAttempt, type Attempt, untried } from "./DeliveryStatus.ts"
import { UnwrittenAttempts } from "./UnwrittenAttempts.ts"

/** Attempts are written down so often at most, so that a busy webhook costs a write a second. */
const writeMillis = 1_000
/** Of a webhook that fails there is one line in the log, and one event of its product, in so long. */
export const tellMillis = 60_000

/** How each webhook does, beside it in the bucket WEBHOOKS: instances share the deliveries. */
export class DeliveryStatuses extends Context.Service<
  DeliveryStatuses,
  {
    readonly note: (webhook: WebhookWithSecret, attempt: Attempt) => void
    readonly get: (webhookId: string) => Effect.Effect<DeliveryStatus, NatsError>
    readonly forget: (webhookId: string) => Effect.Effect<void, NatsError>
  }
>()("@roost/application-events/DeliveryStatuses") {
  static readonly layer: Layer.Layer<DeliveryStatuses, never, NatsConnection | EventPublisher> = Layer.effect(
    DeliveryStatuses,
    Effect.gen(function* () {
      const bucket = yield* openBucket(Buckets.webhooks, DeliveryStatus)
      const events = yield* EventPublisher
      const records = new Map<string, Record>()

      const stored = (webhookId: string) =>
        Effect.map(bucket.get(keyOf(webhookId)), (entry) => ({
          status: Option.match(entry, { onNone: () => untried, onSome: ({ value }) => value }),
          revision: Option.match(entry, { onNone: () => undefined, onSome: ({ revision }) => revision })
        }))

      /** Of two instances that write at once one reads again. */
      const write = Effect.fnUntraced(function* (record: Record) {
        const { webhookId } = record.webhook
        const attempts = record.unwritten.list
        const { revision, status } = yield* stored(webhookId)
        const next = attempts.reduce(afterAttempt, status)
        const key = keyOf(webhookId)
        yield* revision === undefined ? bucket.create(key, next) : bucket.update(key, next, revision)
        record.written(attempts, next)
      })

      const round = Effect.gen(function* () {
        for (const record of records.values()) {
          // A status that could not be written is written, and told, in the next round.
          if (record.unwritten.list.length > 0) yield* Effect.ignore(write(record))
          if (record.unwritten.list.length > 0) continue
          const told = record.toTell(yield* Clock.currentTimeMillis)
          if (told === undefined) continue
          yield* told.kind === "webhook-recovered" ? Effect.logInfo(told.text) : Effect.logWarning(told.text)
          const { productKey } = record.webhook
          if (productKey !== undefined && told.isNews) publish(productKey, told)
        }
      })
      const publish = (productKey: string, { at, code, kind, text }: Told) => {
        const explained = code === undefined ? {} : codeAndLink(code)
        const event: DeviceEvent = { productKey, deviceKey: "", kind, ...explained, at, address: "", reason: text }
        events.publish("event", Subjects.event(productKey, "", kind), event)
      }
      yield* round.pipe(Effect.andThen(Effect.sleep(writeMillis)), Effect.forever, Effect.forkScoped)

      return DeliveryStatuses.of({
        note: (webhook, attempt) => {
          let record = records.get(webhook.webhookId)
          if (record === undefined) records.set(webhook.webhookId, (record = new Record(webhook)))
          record.note(webhook, attempt)
        },
        get: (webhookId) =>
          Effect.map(stored(webhookId), ({ status }) =>
            (records.get(webhookId)?.unwritten.list ?? []).reduce(afterAttempt, status)
          ),
        forget: (webhookId) => {
          records.delete(webhookId)
          return bucket.delete(keyOf(webhookId))
        }
      })
    })
  )
}

interface Told {
  readonly kind: DeviceEventKind
  readonly code: RefusalCode | undefined
  readonly at: number
  readonly text: string
  /** The webhook was not so when it was told of last. */
  readonly isNews: boolean
}

/** This instance's experience with one webhook. */
class Record {
  webhook: WebhookWithSecret
  readonly unwritten = new UnwrittenAttempts()
  #status = untried
  #told: DeliveryStatus["health"] = "healthy"
  #toldAt = -Infinity
  #requests = 0
  #failures = 0
  #buried = 0

  constructor(webhook: WebhookWithSecret) {
    this.webhook = webhook
  }

  note(webhook: WebhookWithSecret, attempt: Attempt): void {
    this.webhook = webhook
    this.unwritten.note(attempt)
    this.#requests++
    if (attempt.error !== undefined) this.#failures++
    this.#buried += attempt.buried ?? 0
  }

  /** These attempts are in the bucket, and make this status. */
  written(attempts: ReadonlyArray<Attempt>, status: DeliveryStatus): void {
    this.unwritten.written(attempts)
    this.#status = status
  }

  toTell(at: number): Told | undefined {
    const { health, lastAttempt, nextAttemptAt } = this.#status
    const isNews = health !== this.#told
    if (at - this.#toldAt < tellMillis || (this.#failures === 0 && !isNews)) return undefined
    const { deviceKey, productKey, url, webhookId } = this.webhook
    const of = productKey === undefined ? "" : ` of ${productKey}${deviceKey === undefined ? "" : `, ${deviceKey}`},`
    const kind = kinds[health]
    const next = nextAttemptAt === undefined ? "" : `; the next try is at ${new Date(nextAttemptAt).toISOString()}`
    const text =
      `the webhook ${webhookId}${of} to ${new URL(url).host} ` +
      (health === "healthy"
        ? `takes events again; ${this.#failures} requests were not taken before`
        : `did not take ${this.#failures} of ${this.#requests} requests, ${this.#buried} events were given up: ${lastAttempt?.error ?? "it does now"}${next}`)
    this.#told = health
    this.#toldAt = at
    this.#requests = this.#failures = this.#buried = 0
    return { kind, code: codeOf(this.#status), at, text, isNews }
  }
}

const codeOf = ({ health, lastAttempt }: DeliveryStatus): RefusalCode | undefined => {
  if (health === "dead") return "webhook-given-up"
  const { code } = lastAttempt ?? {}
  return health === "failing" ? (code !== undefined && isRefusalCode(code) ? code : "webhook-unreachable") : undefined
}

const kinds = {
  healthy: "webhook-recovered",
  failing: "webhook-failing",
  dead: "webhook-dead"
} as const satisfies { readonly [Health in DeliveryStatus["health"]]: DeviceEventKind }

/** Keys of webhooks have no dot. */
const keyOf = (webhookId: string): string => `status.${webhookId}`
