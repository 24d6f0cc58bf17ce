import {
  CurrentIdempotentRequest,
  ModelIdDiffers,
  ModelIdExists,
  ModelInUse,
  modelBytesMax,
  type ModelSummary,
  ModelTooLarge,
  NoSuchModel,
  pageLengthDefault,
  type RegisteredModel,
  RegistryApi,
  requestTime
} from "@roost/contracts"
import type { ThingModel } from "@roost/enos"
import { noteBefore } from "@roost/http"
import { Clock, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { pageOf } from "./Page.ts"
import { RegistryStore } from "./RegistryStore.ts"

/** Thing models for applications. A model that passes the API's schema compiles (`ThingModel`). */
export const ModelHandlers = HttpApiBuilder.group(
  RegistryApi,
  "models",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* RegistryStore
    const read = Effect.fnUntraced(function* (modelId: string) {
      return (yield* store.model(modelId)) ?? (yield* noSuchModel(modelId))
    })
    return handlers.handleAll({
      createModel: Effect.fnUntraced(function* ({ payload }) {
        const { modelId } = payload
        yield* notTooLarge(payload)
        const now = yield* requestTime
        if (yield* store.createModel(payload, now)) return yield* Effect.orDie(read(modelId))
        const taken = yield* store.model(modelId)
        // By an earlier run of this request.
        if ((yield* CurrentIdempotentRequest) !== undefined && taken?.createdAt === now) return taken
        return yield* new ModelIdExists({ detail: `The model id ${modelId} is taken; PUT replaces a model.` })
      }),
      listModels: Effect.fnUntraced(function* ({ query: { cursor, limit = pageLengthDefault } }) {
        const found = yield* store.models(cursor, limit + 1)
        const { items, nextCursor } = pageOf(limit, found, ({ model }) => model.modelId)
        return { models: items.map(summaryOf), ...nextCursor }
      }),
      getModel: ({ params }) => read(params.modelId),
      replaceModel: Effect.fnUntraced(function* ({ params: { modelId }, payload: given }) {
        const payload = "model" in given ? given.model : given
        if (payload.modelId !== modelId) {
          return yield* new ModelIdDiffers({ detail: `The model says ${payload.modelId}, its address ${modelId}.` })
        }
        yield* notTooLarge(payload)
        yield* noteBefore(read(modelId))
        const replaced = yield* store.replaceModel(payload, yield* Clock.currentTimeMillis)
        return replaced ?? (yield* noSuchModel(modelId))
      }),
      deleteModel: Effect.fnUntraced(function* ({ params: { modelId } }) {
        yield* noteBefore(read(modelId))
        const outcome = yield* store.deleteModel(modelId)
        if (outcome === "Unknown") return yield* noSuchModel(modelId)
        if (outcome === "InUse") {
          return yield* new ModelInUse({ detail: `Give the products that have ${modelId} another model, or null.` })
        }
      })
    })
  })
)

/** A model that no message can carry would keep all later models, scripts and products from the actors. */
const notTooLarge = Effect.fnUntraced(function* (model: ThingModel) {
  const bytes = Buffer.byteLength(JSON.stringify(model))
  if (bytes <= modelBytesMax) return
  return yield* new ModelTooLarge({
    detail: `The model has ${bytes} bytes of JSON; at most ${modelBytesMax} are taken.`
  })
})

const summaryOf = ({ createdAt, model, updatedAt, version }: RegisteredModel): ModelSummary => ({
  modelId: model.modelId,
  version,
  createdAt,
  updatedAt
})

const noSuchModel = (modelId: string) => new NoSuchModel({ detail: `No thing model has the id ${modelId}.` })
