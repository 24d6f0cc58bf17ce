import { Buckets, Profile } from "@roost/contracts"
import type { ThingModel } from "@roost/enos"
import { awaitStreams, type NatsConnection, openBucket } from "@roost/nats"
import type { Health } from "@roost/observability"
import { Context, Effect, Layer } from "effect"
import type { KnownModels } from "./SinkWriter.ts"

/** The thing models and which products have them, as the registry tells them in the bucket PROFILES. */
export class SinkModels extends Context.Service<SinkModels, { readonly now: () => KnownModels }>()(
  "@roost/event-sinks/SinkModels"
) {
  static readonly layer: Layer.Layer<SinkModels, never, NatsConnection | Health> = Layer.effect(
    SinkModels,
    Effect.gen(function* () {
      yield* awaitStreams({ streams: [], buckets: [Buckets.profiles] })
      const bucket = yield* openBucket(Buckets.profiles, Profile)
      const models = new Map<string, ThingModel>()
      const products = new Map<string, readonly [productKey: string, modelId: string]>()
      let version = 0
      let known: KnownModels = { version, models: [] }
      yield* bucket.watch(">", {
        onPut: ({ key, value }) => {
          if (value._tag === "Model") models.set(key, value.model)
          else if (value.modelId === null) products.delete(key)
          else products.set(key, [value.productKey, value.modelId])
          version++
        },
        onDelete: (key) => {
          models.delete(key)
          products.delete(key)
          version++
        }
      })
      const now = (): KnownModels => {
        if (known.version === version) return known
        const modelOf = (modelId: string) =>
          [...products.values()].flatMap(([productKey, of]) => (of === modelId ? [productKey] : []))
        return (known = {
          version,
          models: [...models.values()].map((model) => ({ model, products: modelOf(model.modelId) }))
        })
      }
      return SinkModels.of({ now })
    })
  )
}
