import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { describe } from "../http/EndpointParts.ts"
import { Flag } from "../http/Flag.ts"
import { linked } from "../http/Linked.ts"
import { AddressQuery } from "../http/Texts.ts"
import { RecordedEntry, recordingMinutesMax, recordingsMax } from "../Recording.ts"

export class NoSuchRecording extends HttpApiError.Problem<NoSuchRecording>()(
  "NoSuchRecording",
  { type: "urn:roost:problem:no-such-recording", status: 404, title: "There is no such recording." },
  linked("no-such-recording")
) {}

export class TooManyRecordings extends HttpApiError.Problem<TooManyRecordings>()(
  "TooManyRecordings",
  { type: "urn:roost:problem:too-many-recordings", status: 409, title: "As many recordings run as may." },
  { ...linked("too-many-recordings"), max: Schema.Int }
) {}

const Millis = Schema.Finite.annotate({ description: "Milliseconds since 1970." })
const minutes = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: recordingMinutesMax })).annotate({
  description: "How long it runs; it ends by itself."
})

export const NewRecording = Schema.Union([
  Schema.Struct({
    productKey: ProductKey,
    deviceKey: DeviceKey,
    minutes,
    secrets: Schema.optionalKey(
      Schema.Boolean.annotate({ description: "Record the secrets of its handshakes, too; false if absent." })
    )
  }),
  Schema.Struct({ address: AddressQuery.annotate({ description: "IP address, or IP address and port." }), minutes })
]).annotate({ identifier: "NewRecording" })
export type NewRecording = typeof NewRecording.Type

/** A flight recording: of a device by its keys, or of whoever is at an address. */
export const Recording = Schema.Struct({
  id: Schema.String,
  productKey: Schema.optionalKey(Schema.String),
  deviceKey: Schema.optionalKey(Schema.String),
  address: Schema.optionalKey(Schema.String),
  from: Millis,
  until: Millis,
  secrets: Schema.Boolean.annotate({ description: "Whether it has the secrets of the handshakes that it saw." })
}).annotate({ identifier: "Recording" })
export type Recording = typeof Recording.Type

/** A CoAP message in words. */
export const ShownMessage = Schema.Struct({
  type: Schema.Literals(["CON", "NON", "ACK", "RST"]),
  code: Schema.String.annotate({ description: "Such as `0.02` or `2.04`." }),
  messageId: Schema.Int,
  token: Schema.String.annotate({ description: "Hexadecimal." }),
  options: Schema.Array(
    Schema.Struct({
      number: Schema.Int,
      name: Schema.String,
      value: Schema.String.annotate({ description: "Text, number or hexadecimal." })
    })
  ),
  payload: Schema.String.annotate({ description: "Text where it is UTF-8, else hexadecimal behind `0x`." })
}).annotate({ identifier: "CoapMessage" })
export type ShownMessage = typeof ShownMessage.Type

export const RecordingEntry = Schema.Struct({
  ...RecordedEntry.fields,
  coap: Schema.optionalKey(ShownMessage.annotate({ description: "The message of a `Message`." }))
}).annotate({ identifier: "RecordingEntry" })
export type RecordingEntry = typeof RecordingEntry.Type

const one = { id: Schema.String }

export const Recordings = HttpApiGroup.make("recordings")
  .add(
    HttpApiEndpoint.post("beginRecording", "/v1/recordings", {
      payload: NewRecording,
      success: Recording.pipe(HttpApiSchema.status(201)),
      error: TooManyRecordings
    })
      .annotateMerge(
        describe(
          "Record what a device or an address says and hears",
          `Datagrams, records, handshakes, CoAP messages, decisions, the store's answers, commands, presence. It ends by itself; ${recordingsMax} run at once. ` +
            "What is recorded is sealed with the cluster key, and kept for 7 days."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "body")),
    HttpApiEndpoint.get("listRecordings", "/v1/recordings", {
      success: Schema.Struct({ recordings: Schema.Array(Recording) })
    })
      .annotateMerge(describe("List recordings, newest first", "Those that run and those that are kept."))
      .annotateMerge(allow(everyRole, "handler")),
    HttpApiEndpoint.get("getRecording", "/v1/recordings/:id", {
      params: one,
      success: Schema.Struct({ recording: Recording, entries: Schema.Array(RecordingEntry) }),
      error: NoSuchRecording
    })
      .annotateMerge(
        describe("Read a recording", "In order of time, also while it runs. Without the secrets of handshakes.")
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "handler")),
    HttpApiEndpoint.get("exportRecording", "/v1/recordings/:id/pcapng", {
      params: one,
      query: {
        secrets: Schema.optionalKey(
          Flag.annotate({
            description:
              "`true`: with the secrets of handshakes, for firmware and admin only; an event of the device tells of it."
          })
        )
      },
      success: Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array({ contentType: "application/x-pcapng" })),
      error: NoSuchRecording
    })
      .annotateMerge(
        describe(
          "A recording for Wireshark",
          "Datagrams on the interface `dtls`, and beside each record its CoAP message on the interface `coap`, port 5683."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "handler")),
    HttpApiEndpoint.delete("deleteRecording", "/v1/recordings/:id", {
      params: one,
      success: HttpApiSchema.NoContent,
      error: NoSuchRecording
    })
      .annotateMerge(describe("End a recording and forget it", "Nothing of it is kept."))
      .annotateMerge(allow(["operator", "developer", "firmware"], "handler"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Flight recordings",
      description: "What a device and Roost said to each other, opened."
    })
  )
