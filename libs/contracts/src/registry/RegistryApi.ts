import { DeviceKey, ModelId, ProductKey, ThingModel } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { CommandIssuing, CommandTracking } from "../downlink/DownlinkApi.ts"
import { Flag } from "../http/Flag.ts"
import { FieldsFixed } from "../http/RequestProblems.ts"
import { strictApi } from "../http/StrictApi.ts"
import { DeviceStatus } from "../Registry.ts"
import { DeviceEventKind } from "../DeviceEventKind.ts"
import { AttributeChange, Properties, SentBackTags } from "./DeviceProperties.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { EventCursorText, eventTimes } from "./EventQuery.ts"
import { LatestValues } from "./Measurepoints.ts"
import { ModelReplacement, ModelSummary, RegisteredModel } from "./Model.ts"
import { NewProduct, NewProductSecret, Product, ProductChange, ProductDeletion, ProductWithSecret } from "./Product.ts"
import {
  DeviceChange,
  DeviceCredential,
  ImportResult,
  LoggedEvent,
  NewDevice,
  NewSecret,
  ProductEvent,
  RegisteredDevice
} from "./RegisteredDevice.ts"
import {
  AttributesNotOfModel,
  DeviceKeyExists,
  ModelIdDiffers,
  ModelIdExists,
  ModelInUse,
  ModelTooLarge,
  NoScript,
  NoSuchDevice,
  NoSuchModel,
  TooManyProperties,
  NoSuchProduct,
  NotRaw,
  ProductInUse,
  ProductKeyExists,
  ScriptUntested,
  SecretTooShort
} from "./RegistryProblems.ts"
import { ProductScript, ScriptDraft, ScriptTest, ScriptTestResult } from "./Script.ts"
import { Events } from "./EventsApi.ts"
import { Fleet } from "./FleetApi.ts"
import { Recordings } from "./RecordingsApi.ts"
import { Sinks } from "./SinksApi.ts"
import { Strangers } from "./StrangersApi.ts"
import { Uplinks } from "./UplinksApi.ts"
import { Webhooks } from "./WebhooksApi.ts"
import { WhyGroup } from "./WhyApi.ts"

/** Bytes of one import: some million devices. */
export const importBytesMax = 128 * 1024 * 1024

const product = { productKey: ProductKey }
const device = { productKey: ProductKey, deviceKey: DeviceKey }
const devices = "/v1/products/:productKey/devices"
const one = `${devices}/:deviceKey` as const

/** The query of lists of events of devices and products. */
const eventQuery = {
  kind: Schema.optionalKey(DeviceEventKind.annotate({ description: "Events of this kind only." })),
  ...eventTimes,
  cursor: cursorOf(EventCursorText),
  limit
}

const Products = HttpApiGroup.make("products")
  .add(
    HttpApiEndpoint.post("createProduct", "/v1/products", {
      payload: NewProduct,
      success: ProductWithSecret.pipe(HttpApiSchema.status(201)),
      error: [ProductKeyExists, NoSuchModel, SecretTooShort]
    }).annotateMerge(
      describe(
        "Create a product",
        "The answer has its secret, which devices of SecureMode 3 carry. `Custom` devices speak bytes and need a script."
      )
    ),
    HttpApiEndpoint.get("listProducts", "/v1/products", {
      query: { cursor: cursorOf(ProductKey), limit },
      success: Schema.Struct({ products: Schema.Array(Product), nextCursor })
    }).annotateMerge(
      describe("List products by key", "Without their secrets. `nextCursor` is the `cursor` of the next page.")
    ),
    HttpApiEndpoint.get("getProduct", "/v1/products/:productKey", {
      params: product,
      success: ProductWithSecret,
      error: NoSuchProduct
    }).annotateMerge(
      describe(
        "Read a product and its secret",
        "The secret is part of its devices' firmware in SecureMode 3, so it can be read again."
      )
    ),
    HttpApiEndpoint.get("listProductEvents", "/v1/products/:productKey/events", {
      params: product,
      query: eventQuery,
      success: Schema.Struct({ events: Schema.Array(ProductEvent), nextCursor }),
      error: NoSuchProduct
    }).annotateMerge(
      describe(
        "What happened to a product and why, newest first",
        "Not to one of its devices, each of which has events of its own."
      )
    ),
    HttpApiEndpoint.patch("changeProduct", "/v1/products/:productKey", {
      params: product,
      payload: ProductChange,
      success: Product,
      error: [NoSuchProduct, NoSuchModel, FieldsFixed]
    }).annotateMerge(
      describe(
        "Rename a product, switch dynamic activation, or give it another thing model",
        "Devices that are activated already stay so. Another model counts for the next message of every device."
      )
    ),
    HttpApiEndpoint.delete("deleteProduct", "/v1/products/:productKey", {
      params: product,
      query: {
        force: Schema.optionalKey(Flag.annotate({ description: "`true`: its devices are deleted with it." }))
      },
      success: [ProductDeletion.pipe(HttpApiSchema.status(202)), HttpApiSchema.NoContent],
      error: [NoSuchProduct, ProductInUse]
    }).annotateMerge(
      describe(
        "Delete a product",
        "Refused while it has devices, unless `force=true`. With it go devices, secrets and sessions, commands that wait, webhooks, " +
          "scripts, latest values, attributes, tags and events. No device gets in from now on. 204: it is gone. 202: it goes in the " +
          "background, whatever restarts meanwhile; the same call says how many devices are left, and 404 that it is gone."
      )
    ),
    HttpApiEndpoint.post("rotateProductSecret", "/v1/products/:productKey:rotate-secret", {
      params: product,
      payload: NewProductSecret,
      success: ProductWithSecret,
      error: [NoSuchProduct, SecretTooShort]
    }).annotateMerge(
      describe(
        "Change a product's secret",
        "The former one activates devices for `graceSeconds` more; one before that does no longer. Devices that have a " +
          "secret of their own are not affected."
      )
    )
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Products",
      description: "A kind of device: one firmware, one product secret, one data format."
    })
  )

const model = { modelId: ModelId }

const Models = HttpApiGroup.make("models")
  .add(
    HttpApiEndpoint.post("createModel", "/v1/models", {
      payload: ThingModel,
      success: RegisteredModel.pipe(HttpApiSchema.status(201)),
      error: [ModelIdExists, ModelTooLarge]
    }).annotateMerge(describe("Create a thing model", "What devices of the products that refer to it may say.")),
    HttpApiEndpoint.get("listModels", "/v1/models", {
      query: { cursor: cursorOf(ModelId), limit },
      success: Schema.Struct({ models: Schema.Array(ModelSummary), nextCursor })
    }).annotateMerge(describe("List thing models by id", "Their ids and versions, without the definitions.")),
    HttpApiEndpoint.get("getModel", "/v1/models/:modelId", {
      params: model,
      success: RegisteredModel,
      error: NoSuchModel
    }).annotateMerge(
      describe("Read a thing model", "As it was written last, with its version. What comes can be PUT again.")
    ),
    HttpApiEndpoint.put("replaceModel", "/v1/models/:modelId", {
      params: model,
      payload: ModelReplacement,
      success: RegisteredModel,
      error: [NoSuchModel, ModelIdDiffers, ModelTooLarge]
    }).annotateMerge(
      describe(
        "Replace a thing model",
        "It has the next version then, and counts for the next message of every device. One that says the same changes nothing."
      )
    ),
    HttpApiEndpoint.delete("deleteModel", "/v1/models/:modelId", {
      params: model,
      success: HttpApiSchema.NoContent,
      error: [NoSuchModel, ModelInUse]
    }).annotateMerge(describe("Delete a thing model", "No product may refer to it any more."))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Thing models",
      description: "What the devices of a product may say, and which commands they take."
    })
  )

const Devices = HttpApiGroup.make("devices")
  .add(
    HttpApiEndpoint.post("createDevice", devices, {
      params: product,
      payload: NewDevice,
      success: DeviceCredential.pipe(HttpApiSchema.status(201)),
      error: [NoSuchProduct, DeviceKeyExists, SecretTooShort]
    }).annotateMerge(
      describe(
        "Register a device",
        "The secret in the answer is not told again. It ends when the device fetches one with its product's secret (`dynamicActivateEnabled`): " +
          "a device has one secret, the newest."
      )
    ),
    HttpApiEndpoint.post("importDevices", `${devices}:import`, {
      params: product,
      payload: HttpApiSchema.StreamUint8Array({
        contentType: ["application/x-ndjson", "application/jsonl"],
        maxBytes: importBytesMax
      }),
      success: HttpApiSchema.StreamNdjson({ schema: ImportResult }),
      error: NoSuchProduct
    }).annotateMerge(
      describe(
        "Register many devices",
        "One NewDevice per line. Answers one line per line as it goes: the credential, or why the line was refused; " +
          "a `Done` line with both counts ends it. Refused lines do not stop the others."
      )
    ),
    HttpApiEndpoint.get("listDevices", devices, {
      params: product,
      query: { status: Schema.optionalKey(DeviceStatus), cursor: cursorOf(DeviceKey), limit },
      success: Schema.Struct({ devices: Schema.Array(RegisteredDevice), nextCursor }),
      error: NoSuchProduct
    }).annotateMerge(describe("List a product's devices by key", "All, or those of one status.")),
    HttpApiEndpoint.get("getDevice", one, {
      params: device,
      success: RegisteredDevice,
      error: NoSuchDevice
    }).annotateMerge(describe("Read a device", "For a device that is online, as its actor knows it now.")),
    HttpApiEndpoint.patch("changeDevice", one, {
      params: device,
      payload: DeviceChange,
      success: RegisteredDevice,
      error: [NoSuchDevice, FieldsFixed]
    }).annotateMerge(describe("Rename a device", "Its key and its secret stay.")),
    HttpApiEndpoint.delete("deleteDevice", one, {
      params: device,
      success: HttpApiSchema.NoContent,
      error: NoSuchDevice
    }).annotateMerge(describe("Delete a device", "Its session ends at once.")),
    HttpApiEndpoint.post("enableDevice", `${one}:enable`, {
      params: device,
      success: RegisteredDevice,
      error: NoSuchDevice
    }).annotateMerge(
      describe("Let a disabled device in again", "It comes back with its next handshake, by the secret that it had.")
    ),
    HttpApiEndpoint.post("disableDevice", `${one}:disable`, {
      params: device,
      success: RegisteredDevice,
      error: NoSuchDevice
    }).annotateMerge(describe("Keep a device out", "Its session ends at once.")),
    HttpApiEndpoint.post("rotateSecret", `${one}:rotate-secret`, {
      params: device,
      payload: NewSecret,
      success: DeviceCredential,
      error: [NoSuchDevice, SecretTooShort]
    }).annotateMerge(
      describe("Change a device's secret", "Its session ends at once. The secret in the answer is not told again.")
    ),
    HttpApiEndpoint.post("replaceDevice", `${one}:replace`, {
      params: device,
      payload: NewSecret,
      success: DeviceCredential,
      error: [NoSuchDevice, SecretTooShort]
    }).annotateMerge(
      describe(
        "Put new hardware in a device's place",
        "It keeps key, asset id and commands, and is inactive until the new hardware comes, by the secret in the answer or, " +
          "with dynamic activation, by one it fetches. The old hardware's secret and session end at once."
      )
    ),
    HttpApiEndpoint.get("listEvents", `${one}/events`, {
      params: device,
      query: eventQuery,
      success: Schema.Struct({ events: Schema.Array(LoggedEvent), nextCursor }),
      error: NoSuchDevice
    }).annotateMerge(
      describe(
        "What happened to a device and why, newest first",
        "Ordered by `at`. Who tried to get in as a device that is not registered is among the strangers (`/v1/strangers`)."
      )
    )
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
    HttpApiEndpoint.get("getAttributes", `${one}/attributes`, propertyEndpoints.read).annotateMerge(
      describe("Read a device's attributes", "By name, as the device or this API set them last.")
    ),
    HttpApiEndpoint.patch("changeAttributes", `${one}/attributes`, {
      ...propertyEndpoints.changed,
      query: {
        unchecked: Schema.optionalKey(
          Flag.annotate({ description: "`true`: whatever the thing model of the device's product says of them." })
        )
      },
      payload: AttributeChange,
      error: [...propertyEndpoints.changed.error, AttributesNotOfModel]
    }).annotateMerge(
      describe(
        "Set some of a device's attributes",
        "`null` deletes one; all of the change or nothing. What is exactly `value` and `updatedAt` is read as what reading gives, so that this " +
          "can be sent back. Where the device's product has a thing model, what it does not allow is refused, " +
          "unless `unchecked=true`."
      )
    ),
    HttpApiEndpoint.get("getTags", `${one}/tags`, propertyEndpoints.read).annotateMerge(
      describe("Read a device's tags", "By name.")
    ),
    HttpApiEndpoint.patch("changeTags", `${one}/tags`, {
      ...propertyEndpoints.changed,
      payload: SentBackTags
    }).annotateMerge(
      describe(
        "Set some of a device's tags",
        "`null` deletes one; all of the change or nothing. What reading gives can be sent back."
      )
    )
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
    }).annotateMerge(
      describe(
        "The latest value of a device's points",
        "By the device's time; what it resumes never replaces newer. About a second behind the stream."
      )
    )
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Measurepoints",
      description: "The latest values that a device reported."
    })
  )

const script = "/v1/products/:productKey/script"

const Scripts = HttpApiGroup.make("scripts")
  .add(
    HttpApiEndpoint.get("getScript", script, {
      params: product,
      success: ProductScript,
      error: NoSuchProduct
    }).annotateMerge(
      describe(
        "Read a raw product's script: draft, what is published, versions",
        "The draft runs in tests only; what is published converts every message."
      )
    ),
    HttpApiEndpoint.put("saveScript", script, {
      params: product,
      payload: ScriptDraft,
      success: ProductScript,
      error: [NoSuchProduct, NotRaw, NoScript]
    }).annotateMerge(
      describe(
        "Save a draft",
        "It runs in tests only, until it is published. The text that is the draft already stays tested, if it was."
      )
    ),
    HttpApiEndpoint.post("testScript", `${script}:test`, {
      params: product,
      payload: ScriptTest,
      success: ScriptTestResult,
      error: [NoSuchProduct, NoScript]
    }).annotateMerge(
      describe(
        "Try the draft",
        "Bytes of a device in hexadecimal, or a message for it; without a draft, what is published."
      )
    ),
    HttpApiEndpoint.post("publishScript", `${script}:publish`, {
      params: product,
      payload: Schema.Struct({ version: Schema.optionalKey(Schema.Int) }),
      success: ProductScript,
      error: [NoSuchProduct, NotRaw, NoScript, ScriptUntested]
    }).annotateMerge(
      describe(
        "Publish the draft, or an earlier version again",
        "A draft needs one test that succeeded. It counts for the next message of every device."
      )
    ),
    HttpApiEndpoint.delete("unpublishScript", script, {
      params: product,
      query: {
        versions: Schema.optionalKey(Flag.annotate({ description: "`true`: the draft and all versions are deleted." }))
      },
      success: HttpApiSchema.NoContent,
      error: [NoSuchProduct, NotRaw]
    }).annotateMerge(
      describe(
        "Pass bytes as they are again",
        "Versions and draft stay, unless `versions=true`; the next one is 1 then."
      )
    )
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Scripts of raw products",
      description: "JavaScript that makes messages of a device's bytes, and bytes of commands."
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
).annotateMerge(
  OpenApi.annotations({
    title: "Roost registry",
    version: "1",
    description:
      "Products, devices and their secrets; who is online; what happened to a device and why; commands, which the registry " +
      "hands on to downlink-queue, as who speaks to that one itself: [its documentation](/docs/downlink-queue)."
  })
)
