import { DeviceKey, ProductKey, UplinkKind } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { TemporarilyUnavailable } from "../http/RequestProblems.ts"
import { AnyJson } from "../JsonText.ts"
import { NoSuchDevice } from "./RegistryProblems.ts"
import { eventTimes } from "./EventQuery.ts"

/**
 * Newest uplinks with measurement points of a device whose places in the stream the registry keeps: some 600 bytes. To look for each of
 * them in the stream would cost nats-server 2.9 a tenth of a second.
 */
export const trailMax = 128

/** An uplink of a device as the stream UPLINK has it. */
export interface UplinkMessage {
  readonly data: Uint8Array
  /** A header's value, empty if there is none. */
  readonly header: (name: string) => string
  readonly sequence: number
  /** When the stream stored it, milliseconds since 1970. */
  readonly storedAt: number
}

/** An uplink as the stream keeps it. */
export const StoredUplink = Schema.Struct({
  sequence: Schema.Finite.annotate({ description: "In the stream UPLINK; the `cursor` of what is older." }),
  time: Schema.Finite.annotate({ description: "When Roost read it, milliseconds since 1970." }),
  kind: Schema.String.annotate({ description: `${UplinkKind.join(", ")}, or one of another version of Roost.` }),
  topic: Schema.String.annotate({ description: "EnOS topic, without `/topic`." }),
  method: Schema.String.annotate({ description: "Of the device's message; empty for raw bytes." }),
  payload: Schema.optionalKey(AnyJson).annotate({ description: "What the device said, as it wrote it." }),
  raw: Schema.optionalKey(Schema.String).annotate({
    description: "Bytes in base64 in place of `payload`, where they are no JSON."
  })
}).annotate({ identifier: "StoredUplink" })
export type StoredUplink = typeof StoredUplink.Type

/** The cursor of a history is the sequence of the last uplink that was shown. */
const SequenceText = Schema.String.check(
  Schema.isPattern(/^[0-9]{1,15}$/u, { message: "expected the nextCursor of the page before" })
)

export const Uplinks = HttpApiGroup.make("uplinks")
  .add(
    HttpApiEndpoint.get("listUplinks", "/v1/products/:productKey/devices/:deviceKey/uplinks", {
      params: { productKey: ProductKey, deviceKey: DeviceKey },
      query: {
        kind: Schema.optionalKey(Schema.Literals(UplinkKind).annotate({ description: "Uplinks of this kind only." })),
        ...eventTimes,
        cursor: cursorOf(SequenceText),
        limit
      },
      success: [
        Schema.Struct({
          uplinks: Schema.Array(StoredUplink),
          oldest: Schema.optionalKey(
            Schema.Finite.annotate({
              description: "How far back the stream goes, milliseconds since 1970; absent while it is empty."
            })
          ),
          incomplete: Schema.optionalKey(
            Schema.Boolean.annotate({
              description:
                "`true`: there may be older ones that are too far apart in the stream to be looked for. The newest 128 of kind `measurepoint` " +
                "are always found, others where the device sends often enough."
            })
          ),
          nextCursor
        }),
        Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/csv" }))
      ],
      error: [NoSuchDevice, TemporarilyUnavailable]
    })
      .annotateMerge(
        describe(
          "What a device sent, newest first",
          "Out of the stream, which keeps uplinks for 72 hours unless the operator chose another time. With `Accept: text/csv` one line per uplink: " +
            "sequence, time (ISO 8601), kind, topic, method, payload; the last line's sequence is the `cursor` of the next page."
        )
      )
      .annotateMerge(allow(everyRole, "path"))
  )
  .annotateMerge(OpenApi.annotations({ title: "Uplinks", description: "What devices sent, out of the stream." }))
