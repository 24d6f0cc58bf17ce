import { ModelId, ThingModel } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { ModelReplacement, ModelSummary, RegisteredModel } from "./Model.ts"
import { ModelIdDiffers, ModelIdExists, ModelInUse, ModelTooLarge, NoSuchModel } from "./RegistryProblems.ts"

const model = { modelId: ModelId }

export const Models = HttpApiGroup.make("models")
  .add(
    HttpApiEndpoint.post("createModel", "/v1/models", {
      payload: ThingModel,
      success: RegisteredModel.pipe(HttpApiSchema.status(201)),
      error: [ModelIdExists, ModelTooLarge]
    })
      .annotateMerge(describe("Create a thing model", "What devices of the products that refer to it may say."))
      .annotateMerge(allow(["developer"], "fleet")),
    HttpApiEndpoint.get("listModels", "/v1/models", {
      query: { cursor: cursorOf(ModelId), limit },
      success: Schema.Struct({ models: Schema.Array(ModelSummary), nextCursor })
    })
      .annotateMerge(describe("List thing models by id", "Their ids and versions, without the definitions."))
      .annotateMerge(allow(everyRole, "none")),
    HttpApiEndpoint.get("getModel", "/v1/models/:modelId", {
      params: model,
      success: RegisteredModel,
      error: NoSuchModel
    })
      .annotateMerge(
        describe("Read a thing model", "As it was written last, with its version. What comes can be PUT again.")
      )
      .annotateMerge(allow(everyRole, "none")),
    HttpApiEndpoint.put("replaceModel", "/v1/models/:modelId", {
      params: model,
      payload: ModelReplacement,
      success: RegisteredModel,
      error: [NoSuchModel, ModelIdDiffers, ModelTooLarge]
    })
      .annotateMerge(
        describe(
          "Replace a thing model",
          "It has the next version then, and counts for the next message of every device. One that says the same changes nothing."
        )
      )
      .annotateMerge(allow(["developer"], "fleet")),
    HttpApiEndpoint.delete("deleteModel", "/v1/models/:modelId", {
      params: model,
      success: HttpApiSchema.NoContent,
      error: [NoSuchModel, ModelInUse]
    })
      .annotateMerge(describe("Delete a thing model", "No product may refer to it any more."))
      .annotateMerge(allow(["developer"], "fleet"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Thing models",
      description: "What the devices of a product may say, and which commands they take."
    })
  )
