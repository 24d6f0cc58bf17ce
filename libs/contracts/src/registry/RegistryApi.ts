import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { Access } from "../access/AccessApi.ts"
import { Audit } from "../access/AuditApi.ts"
import { CommandIssuing, CommandTracking } from "../downlink/DownlinkApi.ts"
import { Flag } from "../http/Flag.ts"
import { FieldsFixed } from "../http/RequestProblems.ts"
import { strictApi } from "../http/StrictApi.ts"
import { DeviceStatus } from "../Registry.ts"
import { AttributeChange, Properties, SentBackTags } from "./DeviceProperties.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { LatestValues } from "./Measurepoints.ts"
import {
  DeviceChange,
  DeviceCredential,
  ImportResult,
  LoggedEvent,
  NewDevice,
  NewSecret,
  RegisteredDevice
} from "./RegisteredDevice.ts"
import {
  AttributesNotOfModel,
  DeviceKeyExists,
  NoSuchDevice,
  TooManyProperties,
  NoSuchProduct,
  SecretTooShort
} from "./RegistryProblems.ts"
import { Events } from "./EventsApi.ts"
import { Fleet } from "./FleetApi.ts"
import { Recordings } from "./RecordingsApi.ts"
import { Sinks } from "./SinksApi.ts"
import { Strangers } from "./StrangersApi.ts"
import { Uplinks } from "./UplinksApi.ts"
import { Webhooks } from "./WebhooksApi.ts"
import { WhyGroup } from "./WhyApi.ts"
import { eventListQuery } from "./EventQuery.ts"
import { Models } from "./ModelsApi.ts"
import { Products } from "./ProductsApi.ts"
import { Scripts } from "./ScriptsApi.ts"

/** Bytes of one import: some million devices. */
export const importBytesMax = 128 * 1024 * 1024

const product = { productKey: ProductKey }
const device = { productKey: ProductKey, deviceKey: DeviceKey }
const devices = "/v1/products/:productKey/devices"
const one = `${devices}/:deviceKey` as const

const Devices = HttpApiGroup.make("devices")
  .add(
    HttpApiEndpoint.post("createDevice", devices, {
      params: product,
      payload: NewDevice,
      success: DeviceCredential.pipe(HttpApiSchema.status(201)),
      error: [NoSuchProduct, DeviceKeyExists, SecretTooShort]
    })
      .annotateMerge(
        describe(
          "Register a device",
          "The secret in the answer is not told again. It ends when the device fetches one with its product's secret (`dynamicActivateEnabled`): " +
            "a device has one secret, the newest."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.post("importDevices", `${devices}:import`, {
      params: product,
      payload: HttpApiSchema.StreamUint8Array({
        contentType: ["application/x-ndjson", "application/jsonl"],
        maxBytes: importBytesMax
      }),
      success: HttpApiSchema.StreamNdjson({ schema: ImportResult }),
      error: NoSuchProduct
    })
      .annotateMerge(
        describe(
          "Register many devices",
          "One NewDevice per line. Answers one line per line as it goes: the credential, or why the line was refused; " +
            "a `Done` line with both counts ends it. Refused lines do not stop the others."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.get("listDevices", devices, {
      params: product,
      query: { status: Schema.optionalKey(DeviceStatus), cursor: cursorOf(DeviceKey), limit },
      success: Schema.Struct({ devices: Schema.Array(RegisteredDevice), nextCursor }),
      error: NoSuchProduct
    })
      .annotateMerge(describe("List a product's devices by key", "All, or those of one status."))
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.get("getDevice", one, {
      params: device,
      success: RegisteredDevice,
      error: NoSuchDevice
    })
      .annotateMerge(describe("Read a device", "For a device that is online, as its actor knows it now."))
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.patch("changeDevice", one, {
      params: device,
      payload: DeviceChange,
      success: RegisteredDevice,
      error: [NoSuchDevice, FieldsFixed]
    })
      .annotateMerge(describe("Rename a device", "Its key and its secret stay."))
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.delete("deleteDevice", one, {
      params: device,
      success: HttpApiSchema.NoContent,
      error: NoSuchDevice
    })
      .annotateMerge(describe("Delete a device", "Its session ends at once."))
      .annotateMerge(allow(["operator", "developer"], "path")),
    HttpApiEndpoint.post("enableDevice", `${one}:enable`, {
      params: device,
      success: RegisteredDevice,
      error: NoSuchDevice
    })
      .annotateMerge(
        describe("Let a disabled device in again", "It comes back with its next handshake, by the secret that it had.")
      )
      .annotateMerge(allow(["operator", "developer"], "path")),
    HttpApiEndpoint.post("disableDevice", `${one}:disable`, {
      params: device,
      success: RegisteredDevice,
      error: NoSuchDevice
    })
      .annotateMerge(describe("Keep a device out", "Its session ends at once."))
      .annotateMerge(allow(["operator", "developer"], "path")),
    HttpApiEndpoint.post("rotateSecret", `${one}:rotate-secret`, {
      params: device,
      payload: NewSecret,
      success: DeviceCredential,
      error: [NoSuchDevice, SecretTooShort]
    })
      .annotateMerge(
        describe("Change a device's secret", "Its session ends at once. The secret in the answer is not told again.")
      )
      .annotateMerge(allow(["operator", "firmware"], "path")),
    HttpApiEndpoint.post("replaceDevice", `${one}:replace`, {
      params: device,
      payload: NewSecret,
      success: DeviceCredential,
      error: [NoSuchDevice, SecretTooShort]
    })
      .annotateMerge(
        describe(
          "Put new hardware in a device's place",
          "It keeps key, asset id and commands, and is inactive until the new hardware comes, by the secret in the answer or, " +
            "with dynamic activation, by one it fetches. The old hardware's secret and session end at once."
        )
      )
      .annotateMerge(allow(["operator", "firmware"], "path")),
    HttpApiEndpoint.get("listEvents", `${one}/events`, {
      params: device,
      query: eventListQuery,
      success: Schema.Struct({ events: Schema.Array(LoggedEvent), nextCursor }),
      error: NoSuchDevice
    })
      .annotateMerge(
        describe(
          "What happened to a device and why, newest first",
          "Ordered by `at`. Who tried to get in as a device that is not registered is among the strangers (`/v1/strangers`)."
        )
      )
      .annotateMerge(allow(everyRole, "path"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Devices",
      description: "Their secrets, who is online, and what happened to each and why."
    })
  )

const propertyEndpoints = {
  read: { params: device, success: Properties, error: NoSuchDevice },
  changed: { params: device, success: Properties, error: [NoSuchDevice, TooManyProperties] }
} as const

const DeviceProperties = HttpApiGroup.make("properties")
  .add(
    HttpApiEndpoint.get("getAttributes", `${one}/attributes`, propertyEndpoints.read)
      .annotateMerge(describe("Read a device's attributes", "By name, as the device or this API set them last."))
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.patch("changeAttributes", `${one}/attributes`, {
      ...propertyEndpoints.changed,
      query: {
        unchecked: Schema.optionalKey(
          Flag.annotate({ description: "`true`: whatever the thing model of the device's product says of them." })
        )
      },
      payload: AttributeChange,
      error: [...propertyEndpoints.changed.error, AttributesNotOfModel]
    })
      .annotateMerge(
        describe(
          "Set some of a device's attributes",
          "`null` deletes one; all of the change or nothing. What is exactly `value` and `updatedAt` is read as what reading gives, so that this " +
            "can be sent back. Where the device's product has a thing model, what it does not allow is refused, " +
            "unless `unchecked=true`."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "path")),
    HttpApiEndpoint.get("getTags", `${one}/tags`, propertyEndpoints.read)
      .annotateMerge(describe("Read a device's tags", "By name."))
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.patch("changeTags", `${one}/tags`, {
      ...propertyEndpoints.changed,
      payload: SentBackTags
    })
      .annotateMerge(
        describe(
          "Set some of a device's tags",
          "`null` deletes one; all of the change or nothing. What reading gives can be sent back."
        )
      )
      .annotateMerge(allow(["operator", "developer", "firmware"], "path"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Attributes and tags",
      description: "What is known of one device: attributes are its own and yours, tags are yours."
    })
  )

const Measurepoints = HttpApiGroup.make("measurepoints")
  .add(
    HttpApiEndpoint.get("latestValues", `${one}/measurepoints/latest`, {
      params: device,
      query: {
        ids: Schema.optionalKey(Schema.String.annotate({ description: "Points, with commas; all if absent." }))
      },
      success: LatestValues,
      error: NoSuchDevice
    })
      .annotateMerge(
        describe(
          "The latest value of a device's points",
          "By the device's time; what it resumes never replaces newer. About a second behind the stream."
        )
      )
      .annotateMerge(allow(everyRole, "path"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Measurepoints",
      description: "The latest values that a device reported."
    })
  )

/** The HTTP API of the registry (docs/architecture.md §6). */
export const RegistryApi = strictApi(
  HttpApi.make("registry")
    .add(Products)
    .add(Models)
    .add(Devices)
    .add(Fleet)
    .add(DeviceProperties)
    .add(Measurepoints)
    .add(Uplinks)
    // Of downlink-queue, which is asked over NATS: one address has everything.
    .add(CommandIssuing)
    .add(CommandTracking)
    .add(Webhooks)
    .add(Sinks)
    .add(Scripts)
    .add(Strangers)
    .add(WhyGroup)
    .add(Recordings)
    .add(Events)
    .add(Access)
    .add(Audit)
).annotateMerge(
  OpenApi.annotations({
    title: "Roost registry",
    version: "1",
    description:
      "Products, devices and their secrets; who is online; what happened to a device and why; commands, which the registry " +
      "hands on to downlink-queue, as who speaks to that one itself: [its documentation](/docs/downlink-queue)."
  })
)
