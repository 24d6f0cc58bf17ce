import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { describe } from "../http/EndpointParts.ts"
import { AddressQuery } from "../http/Texts.ts"
import { IssuedCommand } from "../downlink/IssuedCommand.ts"
import { Stranger } from "../Stranger.ts"
import { Properties } from "./DeviceProperties.ts"
import { LatestValues } from "./Measurepoints.ts"
import { Product } from "./Product.ts"
import { Recording, RecordingEntry } from "./RecordingsApi.ts"
import { LoggedEvent, RegisteredDevice } from "./RegisteredDevice.ts"

/** One cause of what a device or an address meets. */
export const Finding = Schema.Struct({
  at: Schema.Finite.annotate({ description: "When it was met last, milliseconds since 1970." }),
  code: Schema.String.annotate({ description: "Of the refusal, such as `wrong-key`." }),
  sentence: Schema.String.annotate({ description: "What was refused, and how the device met it." }),
  cause: Schema.String.annotate({ description: "What it comes of, as a rule." }),
  cure: Schema.String.annotate({ description: "What ends it." }),
  link: Schema.String.annotate({ description: "Its entry, on the registry's address." }),
  reason: Schema.optionalKey(Schema.String.annotate({ description: "What came in particular, as the event has it." })),
  address: Schema.optionalKey(Schema.String.annotate({ description: "Where it came from last." })),
  times: Schema.Int.annotate({ description: "How many are known that were alike." }),
  over: Schema.Boolean.annotate({ description: "Something later shows that it is over: it explains the past." })
}).annotate({ identifier: "Finding" })
export type Finding = typeof Finding.Type

export const Why = Schema.Struct({
  verdict: Schema.String.annotate({ description: "How it stands, and the first cause, in a sentence or two." }),
  findings: Schema.Array(Finding)
}).annotate({ identifier: "Why" })
export type Why = typeof Why.Type

/** All that is known of one device, for whoever is to help: as one file, without a secret. */
export const SupportBundle = Schema.Struct({
  at: Schema.Finite.annotate({ description: "When it was collected, milliseconds since 1970." }),
  version: Schema.String.annotate({ description: "Of Roost." }),
  why: Why,
  device: Schema.optionalKey(RegisteredDevice),
  product: Schema.optionalKey(Product),
  attributes: Properties,
  tags: Properties,
  measurepoints: LatestValues,
  events: Schema.Array(LoggedEvent),
  strangers: Schema.Array(Stranger).annotate({ description: "Who named the device, and is none that is registered." }),
  commands: Schema.Array(IssuedCommand),
  recordings: Schema.Array(Schema.Struct({ recording: Recording, entries: Schema.Array(RecordingEntry) }))
}).annotate({ identifier: "SupportBundle" })
export type SupportBundle = typeof SupportBundle.Type

export const WhyGroup = HttpApiGroup.make("why")
  .add(
    HttpApiEndpoint.get("whyDevice", "/v1/products/:productKey/devices/:deviceKey/why", {
      params: { productKey: ProductKey, deviceKey: DeviceKey },
      success: Why
    })
      .annotateMerge(
        describe(
          "Why a device does not do what it should",
          "Reads its log, the strangers that name it, its session, its commands and its presence, and names the causes: those that hold first, " +
            "in the order in which a device meets them. A device that is not registered is a cause, too."
        )
      )
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.get("supportBundle", "/v1/products/:productKey/devices/:deviceKey/support", {
      params: { productKey: ProductKey, deviceKey: DeviceKey },
      success: SupportBundle
    })
      .annotateMerge(
        describe(
          "All that is known of a device, as one file",
          "Its log, state, attributes, latest values, commands, strangers that name it, causes, and its newest recordings. No secret is in it."
        )
      )
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.get("whyAddress", "/v1/why", {
      query: { address: AddressQuery.annotate({ description: "IP address, or IP address and port." }) },
      success: Why
    })
      .annotateMerge(
        describe(
          "Why somebody at an address does not get in",
          "Of the newest refusals that this instance keeps, of strangers and of devices, those that came from there."
        )
      )
      .annotateMerge(allow(everyRole, "fleet"))
  )
  .annotateMerge(OpenApi.annotations({ title: "Why", description: "Causes of what devices meet, with their cures." }))
