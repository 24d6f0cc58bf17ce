import { ApiFault } from "../api/ApiFault.ts"
import { registry } from "../api/client.ts"
import { parseWritten } from "../api/Numeral.ts"
import type { ThingModel } from "./productQueries.ts"

/**
 * Whether the registry would take a thing model; throws what is wrong with it, and changes nothing. A model is judged before it is looked for:
 * to make one that exists, or to replace one that does not, is refused after that.
 */
export const checkModel = async (model: ThingModel, exists: boolean): Promise<void> => {
  const expected = exists ? 409 : 404
  try {
    if (exists) await registry.POST("/v1/models", { body: model })
    else await registry.PUT("/v1/models/{modelId}", { params: { path: { modelId: model.modelId } }, body: model })
  } catch (error) {
    if (error instanceof ApiFault && error.status === expected) return
    throw error
  }
}

/** A JSON text as a model, or where it is none. */
export const parseModel = (text: string): { readonly model: ThingModel } | { readonly fault: string } => {
  try {
    return { model: parseWritten(text) as ThingModel }
  } catch (error) {
    return { fault: (error as Error).message }
  }
}

/** The points of a new model to begin with: one of each kind that people need first. */
export const modelTemplate = (modelId: string): ThingModel => ({
  modelId,
  attributes: {},
  measurepoints: {
    temp: { name: "Temperature", readOnly: true, data: { dataType: "FLOAT" } },
    limit: { name: "Limit", data: { dataType: "FLOAT" } }
  },
  services: {},
  events: {}
})
