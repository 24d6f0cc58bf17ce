import { EnosCode } from "@roost/enos"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HttpApiError } from "effect/http-api"
import { linked } from "../http/Linked.ts"

/** EnOS's own code, so that applications written for its open API know the case (enos-protocol §4, §8). */
const enosCode = (code: number) => ({
  code: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(code)))
})

export class NoSuchProduct extends HttpApiError.Problem<NoSuchProduct>()(
  "NoSuchProduct",
  { type: "urn:roost:problem:no-such-product", status: 404, title: "There is no such product." },
  { ...enosCode(11_611), ...linked("no-such-product") }
) {}

export class NoSuchDevice extends HttpApiError.Problem<NoSuchDevice>()(
  "NoSuchDevice",
  { type: "urn:roost:problem:no-such-device", status: 404, title: "There is no such device." },
  { ...enosCode(11_705), ...linked("no-such-device") }
) {}

/** EnOS's code for a product whose model is missing. */
export class NoSuchModel extends HttpApiError.Problem<NoSuchModel>()(
  "NoSuchModel",
  { type: "urn:roost:problem:no-such-model", status: 404, title: "There is no such thing model." },
  { ...enosCode(11_699), ...linked("no-such-model") }
) {}

export class SecretTooShort extends HttpApiError.Problem<SecretTooShort>()(
  "SecretTooShort",
  {
    type: "urn:roost:problem:secret-too-short",
    status: 422,
    title: "The secret is too short."
  },
  linked("secret-too-short")
) {}

export class ModelIdExists extends HttpApiError.Problem<ModelIdExists>()(
  "ModelIdExists",
  {
    type: "urn:roost:problem:model-id-exists",
    status: 409,
    title: "There is a thing model with this id."
  },
  linked("model-id-exists")
) {}

/** A product refers to it. */
export class ModelInUse extends HttpApiError.Problem<ModelInUse>()(
  "ModelInUse",
  {
    type: "urn:roost:problem:model-in-use",
    status: 409,
    title: "A product has this thing model."
  },
  linked("model-in-use")
) {}

/** The actors hear of a model in one message on the bus. */
export class ModelTooLarge extends HttpApiError.Problem<ModelTooLarge>()(
  "ModelTooLarge",
  {
    type: "urn:roost:problem:model-too-large",
    status: 413,
    title: "The thing model is too large."
  },
  linked("model-too-large")
) {}

export class ModelIdDiffers extends HttpApiError.Problem<ModelIdDiffers>()(
  "ModelIdDiffers",
  {
    type: "urn:roost:problem:model-id-differs",
    status: 422,
    title: "The thing model has another id than its address."
  },
  linked("model-id-differs")
) {}

/** Neither a draft nor that version. */
export class NoScript extends HttpApiError.Problem<NoScript>()(
  "NoScript",
  {
    type: "urn:roost:problem:no-script",
    status: 404,
    title: "The product has no such script."
  },
  linked("no-script")
) {}

export class ScriptUntested extends HttpApiError.Problem<ScriptUntested>()(
  "ScriptUntested",
  {
    type: "urn:roost:problem:script-untested",
    status: 409,
    title: "The draft was not tested, or its test failed."
  },
  linked("script-untested")
) {}

export class NotRaw extends HttpApiError.Problem<NotRaw>()(
  "NotRaw",
  {
    type: "urn:roost:problem:not-raw",
    status: 409,
    title: "The product's devices speak JSON."
  },
  linked("not-raw")
) {}

export class NoSuchWebhook extends HttpApiError.Problem<NoSuchWebhook>()(
  "NoSuchWebhook",
  {
    type: "urn:roost:problem:no-such-webhook",
    status: 404,
    title: "There is no such webhook."
  },
  linked("no-such-webhook")
) {}

export class TooManyWebhooks extends HttpApiError.Problem<TooManyWebhooks>()(
  "TooManyWebhooks",
  { type: "urn:roost:problem:too-many-webhooks", status: 409, title: "There are as many webhooks as there may be." },
  { ...linked("too-many-webhooks"), max: Schema.Int }
) {}

/** Faults by the thing model of the device's product. The code is the one that a device gets for its own message (1204). */
export class AttributesNotOfModel extends HttpApiError.Problem<AttributesNotOfModel>()(
  "AttributesNotOfModel",
  {
    type: "urn:roost:problem:attributes-not-of-model",
    status: 422,
    title: "The product's thing model does not allow these attributes."
  },
  {
    ...linked("attributes-not-of-model"),
    code: Schema.tag(EnosCode.modelValidationFailed),
    modelId: Schema.String,
    modelVersion: Schema.Int,
    field: Schema.String.annotate({ description: "Such as `attributes.site`." }),
    expected: Schema.String,
    got: Schema.String
  }
) {}

/** A device has at most 500 attributes and 100 tags. */
export class TooManyProperties extends HttpApiError.Problem<TooManyProperties>()(
  "TooManyProperties",
  {
    type: "urn:roost:problem:too-many-properties",
    status: 409,
    title: "The device would have too many attributes or tags."
  },
  linked("too-many-properties")
) {}

/** It has devices, and is deleted with them only if the request says so. */
export class ProductInUse extends HttpApiError.Problem<ProductInUse>()(
  "ProductInUse",
  { type: "urn:roost:problem:product-in-use", status: 409, title: "The product has devices." },
  { ...linked("product-in-use"), devices: Schema.Int.annotate({ description: "How many." }) }
) {}

export class ProductKeyExists extends HttpApiError.Problem<ProductKeyExists>()(
  "ProductKeyExists",
  {
    type: "urn:roost:problem:product-key-exists",
    status: 409,
    title: "There is a product with this key."
  },
  linked("product-key-exists")
) {}

export class DeviceKeyExists extends HttpApiError.Problem<DeviceKeyExists>()(
  "DeviceKeyExists",
  { type: "urn:roost:problem:device-key-exists", status: 409, title: "The product has a device with this key." },
  { ...enosCode(11_702), ...linked("device-key-exists") }
) {}
