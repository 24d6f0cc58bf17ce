import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow } from "../access/AccessRule.ts"
import { FieldsFixed } from "../http/RequestProblems.ts"
import { MadeUpId } from "../http/Texts.ts"
import { describe } from "../http/EndpointParts.ts"
import { NoSuchDevice, NoSuchProduct, NoSuchWebhook, TooManyWebhooks } from "./RegistryProblems.ts"
import {
  DeadDelivery,
  deadPerRequestMax,
  NewWebhook,
  Webhook,
  WebhookChange,
  WebhookTestResult,
  WebhookWithDelivery,
  WebhookWithSecret
} from "./Webhook.ts"

const webhook = { webhookId: MadeUpId }

export const Webhooks = HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.post("createWebhook", "/v1/webhooks", {
      payload: NewWebhook,
      success: WebhookWithSecret.pipe(HttpApiSchema.status(201)),
      error: [NoSuchProduct, NoSuchDevice, TooManyWebhooks]
    })
      .annotateMerge(
        describe(
          "Have events delivered to an address",
          "At least once, up to 100 in a request, signed with the secret in the answer, which is not told again. What is not " +
            "taken with a 2xx comes again, later and later, for some 40 minutes; then it goes to the stream WEBHOOK_DEAD."
        )
      )
      .annotateMerge(allow(["developer"], "body")),
    HttpApiEndpoint.get("listWebhooks", "/v1/webhooks", {
      success: Schema.Struct({ webhooks: Schema.Array(WebhookWithDelivery) })
    })
      .annotateMerge(
        describe("List webhooks, oldest first, and how each does", "All of them, each as reading it alone gives it.")
      )
      .annotateMerge(allow(["viewer", "operator", "developer"], "handler")),
    HttpApiEndpoint.get("getWebhook", "/v1/webhooks/:webhookId", {
      params: webhook,
      success: WebhookWithDelivery,
      error: NoSuchWebhook
    })
      .annotateMerge(
        describe(
          "Read a webhook, and how it does",
          "Without its secret. With its last attempt and the next one, its health, and what waits; some second behind."
        )
      )
      .annotateMerge(allow(["viewer", "operator", "developer"], "handler")),
    HttpApiEndpoint.patch("changeWebhook", "/v1/webhooks/:webhookId", {
      params: webhook,
      payload: WebhookChange,
      success: Webhook,
      error: [NoSuchWebhook, FieldsFixed]
    })
      .annotateMerge(
        describe("Give a webhook another address or secret", "Also for what is still to be delivered or repeated.")
      )
      .annotateMerge(allow(["developer"], "handler")),
    HttpApiEndpoint.post("testWebhook", "/v1/webhooks/:webhookId:test", {
      params: webhook,
      success: WebhookTestResult,
      error: NoSuchWebhook
    })
      .annotateMerge(
        describe(
          "Try the way to a webhook's receiver",
          "One request, signed like all others, with no events and `test: true`. It counts for nothing and does not come again."
        )
      )
      .annotateMerge(allow(["operator", "developer"], "handler")),
    HttpApiEndpoint.get("listDeadDeliveries", "/v1/webhooks/:webhookId/dead", {
      params: webhook,
      success: Schema.Struct({ dead: Schema.Array(DeadDelivery) }),
      error: NoSuchWebhook
    })
      .annotateMerge(describe("What it did not take, and why", `Oldest first, ${deadPerRequestMax} at most.`))
      .annotateMerge(allow(["viewer", "operator", "developer"], "handler")),
    HttpApiEndpoint.post("replayDeadDeliveries", "/v1/webhooks/:webhookId/dead:replay", {
      params: webhook,
      success: Schema.Struct({ replayed: Schema.Int }),
      error: NoSuchWebhook
    })
      .annotateMerge(
        describe(
          "Deliver again what it did not take",
          `Oldest first, ${deadPerRequestMax} at most, with all tries; 0 says that there is nothing more.`
        )
      )
      .annotateMerge(allow(["operator", "developer"], "handler")),
    HttpApiEndpoint.delete("deleteWebhook", "/v1/webhooks/:webhookId", {
      params: webhook,
      success: HttpApiSchema.NoContent,
      error: NoSuchWebhook
    })
      .annotateMerge(describe("Delete a webhook", "What was not delivered is not."))
      .annotateMerge(allow(["developer"], "handler"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Webhooks",
      description: "Events delivered to an address of yours."
    })
  )
