import { type Profile, profileKey } from "@roost/contracts"
import { type CompiledThingModel, compileThingModel, type ThingModel, tslTemplate } from "@roost/enos"
import type { Script } from "@roost/raw-script"

/** A thing model as the actors use it. */
export interface ActiveModel {
  readonly compiled: CompiledThingModel
  /** The answer to `thing/tsltemplate/get`. */
  readonly template: unknown
}

/**
 * The products and their thing models, as the registry told them: by which of them a product's devices are judged. A model compiles when
 * its first message comes, in a few milliseconds; until it is replaced it costs a message two looks into maps.
 */
export class ProductProfiles {
  /** By `profileKey`, as the bucket PROFILES has them. */
  readonly #modelIds = new Map<string, string>()
  readonly #scripts = new Map<string, Script>()
  readonly #models = new Map<string, { readonly model: ThingModel; active: ActiveModel | undefined }>()
  readonly #versions = new Map<string, number>()
  #removals = 0

  /** Products with a model, and models. */
  get sizes(): { readonly products: number; readonly models: number } {
    return { products: this.#modelIds.size, models: this.#models.size }
  }

  /** `revision`: of the bucket's entry, which is the same where a watch reads it again. */
  put(profile: Profile, revision = 0): void {
    if (profile._tag === "Model") {
      this.#models.set(profile.model.modelId, { model: profile.model, active: undefined })
      return
    }
    const { modelId, productKey, script } = profile
    this.#versions.set(productKey, revision)
    if (modelId === null) this.#modelIds.delete(productKey)
    else this.#modelIds.set(productKey, modelId)
    if (script === null || script === undefined) this.#scripts.delete(productKey)
    else this.#scripts.set(productKey, { productKey, ...script })
  }

  /**
   * Another number with each change of the product that was heard of; 0 before the first one. Also of changes that say nothing
   * here, such as of `closeNotify`, which comes with a device's key.
   */
  versionOf(productKey: string): number {
    return this.#versions.get(productKey) ?? 0
  }

  /** `key` of the bucket. A product keeps the id of a model that is gone: the next one of that id is its model. */
  remove(key: string): void {
    for (const productKey of this.#modelIds.keys()) {
      if (profileKey.product(productKey) === key) this.#modelIds.delete(productKey)
    }
    for (const productKey of this.#scripts.keys()) {
      if (profileKey.product(productKey) === key) this.#scripts.delete(productKey)
    }
    for (const productKey of this.#versions.keys()) {
      if (profileKey.product(productKey) === key) this.#versions.set(productKey, -++this.#removals)
    }
    for (const modelId of this.#models.keys()) if (profileKey.model(modelId) === key) this.#models.delete(modelId)
  }

  /** The script that converts the bytes of a raw product's devices; undefined: they pass as they are. */
  scriptOf(productKey: string): Script | undefined {
    return this.#scripts.get(productKey)
  }

  /** Undefined: whatever is well-formed is accepted. */
  modelOf(productKey: string): ActiveModel | undefined {
    const modelId = this.#modelIds.get(productKey)
    if (modelId === undefined) return undefined
    const known = this.#models.get(modelId)
    if (known === undefined) return undefined
    return (known.active ??= { compiled: compileThingModel(known.model), template: tslTemplate(known.model) })
  }
}
