import type { JetStreamManager } from "@nats-io/jetstream"
import type { NatsConnection as Client } from "@nats-io/transport-node"
import { Buckets } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { Clock, Effect, Result, Schema } from "effect"
import { askMillis, Durability, durabilityKey, promiseOf } from "../Durability.ts"

/** How soon after its start a process looks again: by then the registry may have asked the servers. */
const soonMillis = 10_000

/** Says at the start, and whenever it changes, what the servers keep of what they acknowledged. */
export const tellPromise = Effect.fnUntraced(function* (
  client: Client,
  manager: JetStreamManager,
  connected: () => boolean
) {
  let told = ""
  const read = Effect.tryPromise(async () => {
    const subject = `$KV.${Buckets.store.name}.${durabilityKey}`
    return (await manager.streams.getMessage(`KV_${Buckets.store.name}`, { last_by_subj: subject }))?.string()
  }).pipe(Effect.orElseSucceed(() => undefined))
  const tell = Effect.gen(function* () {
    if (!connected()) return
    const decoded = decode(yield* read)
    const known = Result.isSuccess(decoded) ? decoded.success : undefined
    const promise = promiseOf(client.info?.version ?? "", known, yield* Clock.currentTimeMillis)
    gauge.set(promise.powerCutLosesSeconds)
    if (promise.text === told) return
    told = promise.text
    yield* Effect.logInfo(promise.text)
  })
  yield* tell.pipe(
    Effect.andThen(Effect.sleep(soonMillis)),
    Effect.andThen(Effect.forever(Effect.andThen(tell, Effect.sleep(askMillis)))),
    Effect.forkScoped
  )
})

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Durability))

const gauge = metrics.gauge(
  "roost_nats_power_cut_loses_seconds",
  "Seconds of acknowledged messages that a power cut may take; 0: none, -1: unknown."
)
