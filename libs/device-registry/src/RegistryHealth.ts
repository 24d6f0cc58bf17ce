import { Health } from "@roost/observability"
import { Effect, Layer, Schedule } from "effect"
import { RegistryStore } from "./RegistryStore.ts"

/** How often the store is asked whether it is there, and how long it may take to say so. */
export const storeProbeMillis = 2_000
export const storeAnswerMillisMax = 2_000

/** `/readyz` names the check `database`: a registry without it answers nobody. */
export const layerRegistryHealth = Layer.effectDiscard(
  Effect.gen(function* () {
    const store = yield* RegistryStore
    const health = yield* Health
    let answers = false
    yield* health.register("database", () => (answers ? undefined : "the database does not answer"))
    yield* store.untoldChanges(1).pipe(
      Effect.timeout(storeAnswerMillisMax),
      Effect.matchCause({
        onSuccess: () => void (answers = true),
        onFailure: () => void (answers = false)
      }),
      Effect.repeat(Schedule.spaced(storeProbeMillis)),
      Effect.forkScoped
    )
  })
)
