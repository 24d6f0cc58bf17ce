import type { JetStreamManager } from "@nats-io/jetstream"
import type { NatsConnection as Client } from "@nats-io/transport-node"
import { Buckets } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { Clock, Effect, Result, Schema } from "effect"
import { askMillis, Durability, durabilityKey, isToldYet, promiseOf } from "../Durability.ts"

/** How soon a process looks again that does not know yet: the registry may be about to ask the servers. */
const soonMillis = 3_000

/** Says soon after the start, and whenever it changes, what the servers keep of what they acknowledged. */
export const tellPromise = Effect.fnUntraced(function* (
  client: Client,
  manager: JetStreamManager,
  connected: () => boolean
) {
  gauge.set(-1)
  let told = ""
  const startedAt = yield* Clock.currentTimeMillis
  const read = Effect.tryPromise(async () => {
    const subject = `$KV.${Buckets.store.name}.${durabilityKey}`
    return (await manager.streams.getMessage(`KV_${Buckets.store.name}`, { last_by_subj: subject }))?.string()
  }).pipe(Effect.orElseSucceed(() => undefined))
  /** How long until the next look. */
  const tell = Effect.gen(function* () {
    if (!connected()) return soonMillis
    const decoded = decode(yield* read)
    const known = Result.isSuccess(decoded) ? decoded.success : undefined
    const now = yield* Clock.currentTimeMillis
    const promise = promiseOf(client.info?.version ?? "", known, now)
    gauge.set(promise.powerCutLosesSeconds)
    if (!isToldYet(promise, now - startedAt)) return soonMillis
    if (promise.text === told) return askMillis
    told = promise.text
    yield* Effect.logInfo(promise.text)
    return askMillis
  })
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(tell, Effect.sleep)))
})

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Durability))

const gauge = metrics.gauge(
  "roost_nats_power_cut_loses_seconds",
  "Seconds of acknowledged messages that a power cut may take; 0: none, -1: unknown."
)
