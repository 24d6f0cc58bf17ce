import { ModelId, ThingModel } from "@roost/enos"
import * as Schema from "effect/Schema"
import { sentBack } from "../http/SentBack.ts"
import { encodeToken } from "../SubjectToken.ts"

/** Bytes of a thing model in JSON: half of what nats-server takes in a message. */
export const modelBytesMax = 512 * 1024

const versioned = {
  version: Schema.Int.annotate({ description: "1, and one more with every replacement." }),
  createdAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  updatedAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." })
}

/** A thing model as the registry keeps it. */
export const RegisteredModel = Schema.Struct({ model: ThingModel, ...versioned }).annotate({
  identifier: "RegisteredModel"
})
export type RegisteredModel = typeof RegisteredModel.Type

/** A thing model, or what reading one gives: what is beside `model` is passed over. */
export const ModelReplacement = Schema.Union([ThingModel, sentBack(versioned, { model: ThingModel })]).annotate({
  identifier: "ModelReplacement"
})

/** One of a list of models. */
export const ModelSummary = Schema.Struct({ modelId: ModelId, ...versioned }).annotate({ identifier: "ModelSummary" })
export type ModelSummary = typeof ModelSummary.Type

/**
 * Facts of products and models for session-actors, in the bucket PROFILES. A product without entry, or without
 * `modelId`, accepts whatever is well-formed.
 */
export const Profile = Schema.Union([
  Schema.TaggedStruct("Product", {
    productKey: Schema.String,
    modelId: Schema.NullOr(Schema.String),
    /** The script that converts a raw product's bytes, once it is published; absent from older registries. */
    script: Schema.optionalKey(Schema.NullOr(Schema.Struct({ version: Schema.Int, source: Schema.String })))
  }),
  Schema.TaggedStruct("Model", { version: Schema.Int, model: ThingModel })
])
export type Profile = typeof Profile.Type

/** Keys of the bucket PROFILES. */
export const profileKey = {
  product: (productKey: string): string => `product.${encodeToken(productKey)}`,
  model: (modelId: string): string => `model.${encodeToken(modelId)}`
} as const
