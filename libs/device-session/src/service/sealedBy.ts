import type { Sealing } from "@roost/contracts"
import type { SealedBy } from "@roost/cluster"
import { type NatsConnection, type NatsError, newestMessage } from "@roost/nats"
import { Effect } from "effect"
import { sessionStream, sessionSubject } from "./NatsEffects.ts"

/** The newest messages may be those of sessions that were deleted. */
const lookback = 64

/** Whether the newest session of the bucket SESSIONS opens with this node's keys: the proof that they are the cluster's. */
export const sealedBy = (sealing: Sealing): Effect.Effect<Effect.Effect<SealedBy, NatsError>, never, NatsConnection> =>
  Effect.map(Effect.context<NatsConnection>(), (context) =>
    newestMessage(sessionStream, lookback).pipe(
      Effect.map((newest): SealedBy => {
        if (newest === undefined) return "nobody"
        const key = newest.subject.slice(sessionSubject("").length)
        return sealing.open(key, newest.data) === undefined ? "another" : "this node"
      }),
      Effect.provide(context)
    )
  )
