import { AttributesNotOfModel, notOfModel } from "@roost/contracts"
import { type CompiledThingModel, compileThingModel, type Refusal } from "@roost/enos"
import { Effect } from "effect"
import type { RegistryStore } from "./RegistryStore.ts"

/** Compiled models that are kept; each has some hundred kilobytes at most. */
const modelsMax = 100

/**
 * Checks changes of attributes by the thing model of the device's product, as what devices say is checked: `undefined` deletes one. A
 * model is read and compiled once per version.
 */
export const attributeCheck = (store: RegistryStore["Service"]) => {
  const models = new Map<string, { readonly version: number; readonly compiled: CompiledThingModel }>()
  const modelOf = Effect.fnUntraced(function* (modelId: string, version: number) {
    const known = models.get(modelId)
    if (known?.version === version) return known
    const registered = yield* store.model(modelId)
    if (registered === undefined) return undefined
    const read = { version: registered.version, compiled: compileThingModel(registered.model) }
    if (models.size >= modelsMax) models.clear()
    models.set(modelId, read)
    return read
  })
  return Effect.fnUntraced(function* (productKey: string, changes: Readonly<Record<string, unknown>>) {
    const { modelId, modelVersion } = (yield* store.product(productKey)) ?? {}
    if (modelId === undefined || modelVersion === undefined || modelVersion === null) return
    const model = yield* modelOf(modelId, modelVersion)
    const refusal = model === undefined ? undefined : refusalOf(model.compiled, changes)
    if (model === undefined || refusal === undefined) return
    return yield* new AttributesNotOfModel(notOfModel(modelId, model.version, refusal))
  })
}

const refusalOf = (model: CompiledThingModel, changes: Readonly<Record<string, unknown>>): Refusal | undefined => {
  const entries = Object.entries(changes)
  const deleted = entries.flatMap(([name, value]) => (value === undefined ? [name] : []))
  const set = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  return model.checkAttributes(set) ?? model.checkAttributeDelete(deleted)
}
