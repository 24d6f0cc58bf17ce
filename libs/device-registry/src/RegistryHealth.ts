import { Health } from "@roost/observability"
import { Cause, Effect, Layer, Schedule } from "effect"
import { RegistryStore } from "./RegistryStore.ts"
import { outageText } from "./sql/PostgresOutage.ts"

/** How often the store is asked whether it is there, and how long it may take to say so. */
export const storeProbeMillis = 2_000
export const storeAnswerMillisMax = 2_000

/** `/readyz` names the check `database`: a registry without it answers nobody. */
export const layerRegistryHealth = Layer.effectDiscard(
  Effect.gen(function* () {
    const store = yield* RegistryStore
    const health = yield* Health
    let why: string | undefined = "the database does not answer"
    yield* health.register("database", () => why)
    yield* store.untoldChanges(1).pipe(
      Effect.timeout(storeAnswerMillisMax),
      Effect.matchCause({
        onSuccess: () => void (why = undefined),
        onFailure: (cause) => void (why = `the database does not answer: ${textOf(Cause.squash(cause))}`)
      }),
      Effect.repeat(Schedule.spaced(storeProbeMillis)),
      Effect.forkScoped
    )
  })
)

const textOf = (error: unknown): string =>
  Cause.isTimeoutError(error) ? `nothing came within ${storeAnswerMillisMax / 1_000} s` : outageText(error)
