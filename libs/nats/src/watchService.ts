import { Health } from "@roost/observability"
import { Effect } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"

/** How often another service is asked whether it is there, and how long it may take to say so. */
const askMillis = 2_000
const answerMillisMax = 2_000

/**
 * Asks whether somebody answers questions on `subject` (`serveRpc`). While nobody does, `/readyz` names `service` among what is
 * degraded, with `missing`: what can't be done without it.
 */
export const watchService = Effect.fnUntraced(function* (service: string, subject: string, missing: string) {
  const { client, connected } = yield* NatsConnection
  const health = yield* Health
  let why: string | undefined
  yield* health.registerDegraded(service, () => why)
  const ask = fromClient(subject, () => client.request(subject, "", { timeout: answerMillisMax })).pipe(
    Effect.match({
      onSuccess: () => void (why = undefined),
      onFailure: ({ reason }) =>
        void (why = `${reason === "NoResponders" ? "none is there" : "none answers"}: ${missing}`)
    })
  )
  yield* Effect.suspend(() => (connected() ? ask : Effect.void)).pipe(
    Effect.andThen(Effect.sleep(askMillis)),
    Effect.forever,
    Effect.forkScoped
  )
})
