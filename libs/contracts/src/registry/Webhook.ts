import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { explained } from "../Explained.ts"
import { sentBack } from "../http/SentBack.ts"
import { textOf } from "../http/Texts.ts"
import { AnyJson } from "../JsonText.ts"

/** Applications can follow these: reports of devices, presence, and the fate of commands. */
export const EventKind = Schema.Literals(["uplink", "presence", "command"])
export type EventKind = typeof EventKind.Type

/** Webhooks of one Roost: each costs a consumer per kind at the nats-server. */
export const webhooksMax = 200

const told = {
  url: Schema.String.check(
    Schema.isMaxCodePoints(2048),
    Schema.isPattern(/^https?:\/\/[^\s/@?#]+([/?#]\S*)?$/u, {
      message: "expected an http or https address without user and password"
    })
  ).annotate({ examples: ["https://app.example/roost"] }),
  kinds: Schema.Array(EventKind).check(Schema.isMinLength(1), Schema.isUnique()),
  productKey: Schema.optionalKey(
    ProductKey.annotate({
      description: "Of all products if absent; it has to exist, and takes the webhook with it when it is deleted."
    })
  ),
  deviceKey: Schema.optionalKey(
    DeviceKey.annotate({
      description:
        "Of all devices if absent. Beside a productKey it has to exist; without one: of every device of this key."
    })
  )
}

/** Signs deliveries. */
export const WebhookSecret = textOf(16, 128)

export const NewWebhook = Schema.Struct({
  ...told,
  secret: Schema.optionalKey(WebhookSecret.annotate({ description: "Made up if absent: 32 letters and digits." }))
}).annotate({ identifier: "NewWebhook" })
export type NewWebhook = typeof NewWebhook.Type

export const Webhook = Schema.Struct({
  webhookId: Schema.String,
  ...told,
  createdAt: Schema.Finite.annotate({ description: "Milliseconds since 1970; events from then on are delivered." })
}).annotate({ identifier: "Webhook" })
export type Webhook = typeof Webhook.Type

/** How a webhook does. An entry of the bucket WEBHOOKS, at `status.{webhookId}`. Times in milliseconds since 1970. */
export const DeliveryStatus = Schema.Struct({
  health: Schema.Literals(["healthy", "failing", "dead"]).annotate({
    description:
      "`healthy`: its receiver took the last request, or none was made yet. `failing`: it did not, and the events come again. " +
      "`dead`: some were given up since it took one; `…/dead` lists them."
  }),
  consecutiveFailures: Schema.Int.annotate({ description: "Requests that were not taken since one was." }),
  lastAttempt: Schema.optionalKey(
    Schema.Struct({
      at: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
      status: Schema.optionalKey(
        Schema.Int.annotate({ description: "HTTP status; absent where there was no answer." })
      ),
      error: Schema.optionalKey(Schema.String.annotate({ description: "Why it was not taken; absent: it was." })),
      ...explained
    })
  ),
  lastDeliveredAt: Schema.optionalKey(Schema.Finite.annotate({ description: "When its receiver took one last." })),
  failingSince: Schema.optionalKey(Schema.Finite.annotate({ description: "The first of those failures." })),
  nextAttemptAt: Schema.optionalKey(Schema.Finite.annotate({ description: "When what was not taken comes again." }))
}).annotate({ identifier: "DeliveryStatus" })
export type DeliveryStatus = typeof DeliveryStatus.Type

export const WebhookWithDelivery = Schema.Struct({
  ...Webhook.fields,
  delivery: DeliveryStatus,
  waiting: Schema.Int.annotate({
    description:
      "Messages that are to be looked at or to come again, those of others included that it does not hear of."
  }),
  dead: Schema.Int.annotate({ description: "Events that were given up and not delivered again since." })
}).annotate({
  identifier: "WebhookWithDelivery",
  examples: [
    {
      webhookId: "wh_0123456789abcdef01234567",
      url: "https://app.example/roost",
      kinds: ["presence", "command"],
      productKey: "meters",
      createdAt: 1_795_476_031_270,
      delivery: {
        health: "failing",
        consecutiveFailures: 3,
        lastAttempt: { at: 1_795_479_631_270, status: 500, error: "the receiver answered 500" },
        lastDeliveredAt: 1_795_479_600_000,
        failingSince: 1_795_479_624_270,
        nextAttemptAt: 1_795_479_635_270
      },
      waiting: 12,
      dead: 0
    }
  ]
})
export type WebhookWithDelivery = typeof WebhookWithDelivery.Type

/** Of a webhook, what it hears of: consumers that are half-way do not change. */
export const webhookFixed: ReadonlyArray<string> = ["webhookId", "kinds", "productKey", "deviceKey"]

/** The fields of a webhook that may change; an absent one stays. */
export const WebhookChange = sentBack(WebhookWithDelivery.fields, {
  url: Schema.optionalKey(told.url),
  secret: Schema.optionalKey(WebhookSecret)
}).annotate({ identifier: "WebhookChange" })
export type WebhookChange = typeof WebhookChange.Type

/** Outcome of a request that has no events, and that only tries the way to the receiver. */
export const WebhookTestResult = Schema.Struct({
  taken: Schema.Boolean.annotate({ description: "The receiver answered with a 2xx." }),
  millis: Schema.Finite.annotate({ description: "Milliseconds until its answer, or until it was given up." }),
  status: Schema.optionalKey(Schema.Int.annotate({ description: "HTTP status; absent where there was no answer." })),
  error: Schema.optionalKey(Schema.String.annotate({ description: "Why it was not taken." }))
}).annotate({ identifier: "WebhookTestResult" })
export type WebhookTestResult = typeof WebhookTestResult.Type

/** Dead deliveries that one request lists or repeats. */
export const deadPerRequestMax = 100

/**
 * A webhook with what signs its deliveries. The secret is told when the webhook is made, and not again. The bucket WEBHOOKS has it at its id,
 * sealed for `sealPurpose.webhook`: a user that may write to the bucket can't send deliveries elsewhere.
 */
export const WebhookWithSecret = Schema.Struct({ ...Webhook.fields, secret: WebhookSecret }).annotate({
  identifier: "WebhookWithSecret"
})
export type WebhookWithSecret = typeof WebhookWithSecret.Type

/** Stream WEBHOOK_DEAD, `roost.webhook.dead.{webhookId}`: an event that its webhook did not take in time. */
export const DeadDelivery = Schema.Struct({
  webhookId: Schema.String,
  event: AnyJson,
  tries: Schema.Int,
  /** Of the last try, such as `503` or what the connection met. */
  reason: Schema.String,
  at: Schema.Finite
}).annotate({ identifier: "DeadDelivery" })
export type DeadDelivery = typeof DeadDelivery.Type
