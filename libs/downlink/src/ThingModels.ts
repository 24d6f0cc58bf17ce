import { Buckets, Profile } from "@roost/contracts"
import { type CompiledThingModel, compileThingModel, type ThingModel } from "@roost/enos"
import { awaitStreams, NatsConnection, openBucket } from "@roost/nats"
import type { Health } from "@roost/observability"
import { Context, Deferred, Effect, Layer, Option } from "effect"

/** The registry tells a change within milliseconds, so that a command waits this long only for one that can't be told. */
const toldMillisMax = 1_000

export interface ModelVersion {
  readonly modelId: string
  readonly version: number
}

export interface KnownModel extends ModelVersion {
  readonly compiled: CompiledThingModel
}

/** The thing models that commands are checked by, as the registry tells them in the bucket PROFILES. A command costs no question for them. */
export class ThingModels extends Context.Service<
  ThingModels,
  {
    /** In this version or a later one. If the registry can't tell it: the version before, or undefined if there is none. */
    readonly at: (wanted: ModelVersion) => Effect.Effect<KnownModel | undefined>
  }
>()("@roost/downlink/ThingModels") {
  static readonly layer: Layer.Layer<ThingModels, never, NatsConnection | Health> = Layer.effect(
    ThingModels,
    Effect.gen(function* () {
      yield* awaitStreams({ streams: [], buckets: [Buckets.profiles] })
      const bucket = yield* openBucket(Buckets.profiles, Profile)
      const mirror = new ModelMirror()
      const read = yield* Deferred.make<void>()
      yield* bucket.watch("model.>", {
        onPut: ({ key, value }) => {
          if (value._tag === "Model") mirror.put(key, value)
        },
        onDelete: (key) => mirror.remove(key),
        onInitialDone: () => Deferred.doneUnsafe(read, Effect.void)
      })
      yield* Deferred.await(read)
      return ThingModels.of({
        at: (wanted) =>
          Effect.suspend(() => {
            const known = mirror.get(wanted.modelId)
            if (known !== undefined && known.version >= wanted.version) return Effect.succeed(known)
            return mirror
              .told(wanted)
              .pipe(Effect.timeoutOption(toldMillisMax), Effect.map(Option.getOrElse(() => mirror.get(wanted.modelId))))
          })
      })
    })
  )
}

/** A model compiles when its first command comes, in a few milliseconds. */
class ModelMirror {
  readonly #models = new Map<string, { readonly key: string; readonly version: number; readonly model: ThingModel }>()
  readonly #compiled = new Map<string, KnownModel>()
  readonly #waiting = new Set<() => void>()

  put(key: string, { model, version }: { readonly model: ThingModel; readonly version: number }): void {
    this.#models.set(model.modelId, { key, version, model })
    this.#compiled.delete(model.modelId)
    for (const look of this.#waiting) look()
  }

  remove(key: string): void {
    for (const [modelId, known] of this.#models) {
      if (known.key !== key) continue
      this.#models.delete(modelId)
      this.#compiled.delete(modelId)
    }
  }

  get(modelId: string): KnownModel | undefined {
    const compiled = this.#compiled.get(modelId)
    const known = this.#models.get(modelId)
    if (compiled !== undefined || known === undefined) return compiled
    const made = { modelId, version: known.version, compiled: compileThingModel(known.model) }
    this.#compiled.set(modelId, made)
    return made
  }

  /** When the version, or a later one, is there. */
  told({ modelId, version }: ModelVersion): Effect.Effect<KnownModel | undefined> {
    return Effect.callback<KnownModel | undefined>((resume) => {
      const look = () => {
        if ((this.#models.get(modelId)?.version ?? 0) < version) return
        this.#waiting.delete(look)
        resume(Effect.sync(() => this.get(modelId)))
      }
      this.#waiting.add(look)
      look()
      return Effect.sync(() => this.#waiting.delete(look))
    })
  }
}
