import { BoundedMap } from "@roost/bounded"
import { accessRpc, type AccessAnswer } from "@roost/contracts"
import { ApiKeys } from "@roost/http"
import { NatsConnection, requestRpc, serveRpc } from "@roost/nats"
import { Clock, Effect, Layer } from "effect"
import { digestOf, ManagedKeys } from "./ManagedKeys.ts"

/** How long an answer of the registry counts: a revoked key is good so long at most. */
export const answerMillisMax = 2_000
/** Answers that are kept; of more, the oldest goes. */
export const answersMax = 2_000

/** The registry's own port: the keys are at hand. */
export const layerApiKeys: Layer.Layer<ApiKeys, never, ManagedKeys> = Layer.effect(
  ApiKeys,
  Effect.map(ManagedKeys, ({ find }) => ApiKeys.of({ find: (secret, address) => find(digestOf(secret), address) }))
)

/** Answers who has no store of keys (`roost.access`). */
export const layerKeyAnswers: Layer.Layer<never, never, ManagedKeys | NatsConnection> = Layer.effectDiscard(
  Effect.flatMap(ManagedKeys, ({ find }) =>
    serveRpc(accessRpc, { queue: "registry" }, ({ address, digest }) => find(digest, address))
  )
)

/** Asks the registry, at most once in `answerMillisMax` for a key that makes many requests. */
export const layerRemoteApiKeys: Layer.Layer<ApiKeys, never, NatsConnection> = Layer.effect(
  ApiKeys,
  Effect.map(NatsConnection, (connection) => {
    const answers = new BoundedMap<string, { readonly answer: AccessAnswer; readonly at: number }>(answersMax)
    return ApiKeys.of({
      find: Effect.fnUntraced(function* (secret, address) {
        const digest = digestOf(secret)
        const now = yield* Clock.currentTimeMillis
        const known = answers.get(digest)
        if (known !== undefined && now - known.at < answerMillisMax && now >= known.at) return known.answer
        answers.delete(digest)
        const answer = yield* Effect.orDie(
          Effect.provideService(requestRpc(accessRpc, { digest, address }), NatsConnection, connection)
        )
        // Made-up secrets take no place.
        if (answer._tag === "Known") answers.set(digest, { answer, at: now })
        return answer
      })
    })
  })
)
