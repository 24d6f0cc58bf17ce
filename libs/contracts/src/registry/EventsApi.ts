import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { describe } from "../http/EndpointParts.ts"
import { NoSuchProduct } from "./RegistryProblems.ts"
import { EventKind } from "./Webhook.ts"
import { linked } from "../http/Linked.ts"

/** An instance serves a bounded number of readers. */
export class TooManyReaders extends HttpApiError.Problem<TooManyReaders>()(
  "TooManyReaders",
  {
    type: "urn:roost:problem:too-many-readers",
    status: 503,
    title: "This instance has as many readers of events as it serves."
  },
  linked("too-many-readers")
) {}

/** Kinds that a reader can follow: those that webhooks deliver, and the log of devices, which operators read. */
export const FollowedKind = Schema.Literals([...EventKind.literals, "log"])
export type FollowedKind = typeof FollowedKind.Type

const anyKind = `(${FollowedKind.literals.join("|")})`
const kinds = Schema.String.check(
  Schema.isPattern(new RegExp(`^${anyKind}(,${anyKind})*$`, "u"), {
    message: `expected some of ${FollowedKind.literals.join(", ")}, with commas`
  })
)
const former = (name: string) => `The former name of ${name}.`

export const Events = HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("followEvents", "/v1/events", {
      query: {
        kinds: Schema.optionalKey(
          kinds.annotate({
            description: `Of these kinds, with commas: ${FollowedKind.literals.join(", ")}. Of all but \`log\` if absent.`
          })
        ),
        productKey: Schema.optionalKey(ProductKey.annotate({ description: "Of this product; of all if absent." })),
        deviceKey: Schema.optionalKey(
          DeviceKey.annotate({ description: "Of this device, or of every device of this key; of all if absent." })
        ),
        product: Schema.optionalKey(ProductKey.annotate({ description: former("productKey") })),
        device: Schema.optionalKey(DeviceKey.annotate({ description: former("deviceKey") }))
      },
      headers: {
        "last-event-id": Schema.optionalKey(
          Schema.String.annotate({ description: "The `id` of the last event that was read: what came since follows." })
        )
      },
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/event-stream" })),
      error: [NoSuchProduct, TooManyReaders]
    })
      .annotateMerge(
        describe(
          "Follow what devices say, who is online, what becomes of commands, and the log of devices",
          "Server-sent events for as long as the connection stands: `event` is the kind, `data` the event in JSON, `id` where the " +
            "reader is. An event named `overrun`, `stopped` or `unavailable` says why the stream ended."
        )
      )
      .annotateMerge(allow(everyRole, "query"))
  )
  .annotateMerge(OpenApi.annotations({ title: "Events", description: "What happens, as it happens." }))
