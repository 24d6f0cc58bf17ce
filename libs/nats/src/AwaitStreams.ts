import { Health } from "@roost/observability"
import { Effect } from "effect"
import type { Definitions } from "./EnsureStreams.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { keptOf } from "./StreamSettings.ts"

/**
 * Waits until these streams and buckets are there; the registry makes them (`StreamKeeper`). From now on the process is ready only
 * while they are, as `/readyz` says under `streams`.
 */
export const awaitStreams = Effect.fnUntraced(function* (definitions: Definitions) {
  const { required } = yield* NatsConnection
  const health = yield* Health
  yield* health.register("streams", required.problem)
  yield* required.await(keptOf(definitions).map(({ name }) => name))
})
