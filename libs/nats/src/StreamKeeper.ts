import { Buckets, Streams } from "@roost/contracts"
import { Health, metrics } from "@roost/observability"
import { Effect, Layer } from "effect"
import { askServers } from "./askServers.ts"
import { type Definitions, makePass } from "./EnsureStreams.ts"
import { EventPublisher } from "./EventPublisher.ts"
import { probeStore } from "./internal/probeStore.ts"
import { makeTellOperator } from "./internal/tellOperator.ts"
import { watchFill } from "./internal/watchFill.ts"
import { adminConnection, NatsConnection } from "./NatsConnection.ts"
import type { NatsError } from "./NatsError.ts"
import { goesOnAfterFullDisk } from "./ServerVersion.ts"

/** How often the streams are looked at: one that is gone is there again within ten seconds. */
const lookMillis = 4_000
/** The same complaint is logged again after this long. */
const complainMillis = 60_000

/** Every stream and bucket of Roost. */
export const allStreams: Definitions = { streams: Object.values(Streams), buckets: Object.values(Buckets) }

/**
 * The one that makes streams and buckets, under a credential of its own (`ROOST_NATS_ADMIN_USER` and so on) or else the
 * process's. It makes those that are missing at the start, and later those that vanished, by a replaced disk or a restored
 * backup. It leaves alone what an operator changed. It says which streams are nearly full, and when the disk below them is: by
 * log, gauge, `/readyz` and event.
 */
export const StreamKeeper = {
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      const connection = yield* adminConnection
      const pass = yield* makePass(allStreams)
      const health = yield* Health
      const events = yield* Layer.build(EventPublisher.layer).pipe(Effect.provideService(NatsConnection, connection))
      const tellOperator = yield* Effect.provide(makeTellOperator, events)
      const fill = yield* watchFill(tellOperator)
      // Of who keeps streams only: in any other app it would be 0, as if the store refused.
      const takes = metrics.gauge(
        "roost_nats_store_takes",
        "Of the registry: 0 while the store refuses what is written, since its disk is full."
      )
      takes.set(1)
      let failure: string | undefined = "the streams have not been looked at yet"
      yield* health.register("stream-keeper", () => failure)
      /** The troubles that the operator was told of and that are not over yet. */
      let told = false
      let complainedAt = -Infinity
      const version = connection.client.info?.version ?? ""
      if (!goesOnAfterFullDisk(version)) {
        yield* Effect.logWarning(`nats-server ${version} ${hangsText}; 2.10 and newer goes on by itself`)
      }

      const complain = Effect.fnUntraced(function* (error: NatsError) {
        const refuses = error.isStoreRefusal || error.reason === "Timeout"
        const text = `the streams can't be looked after: ${error.message}${cureOf(error, connection.client.info)}`
        failure = text
        takes.set(refuses ? 0 : 1)
        if (refuses && !told) {
          told = true
          yield* tellOperator({ kind: "store-refuses", reason: text })
        }
        const now = performance.now()
        if (now - complainedAt < complainMillis) return
        complainedAt = now
        yield* Effect.logError(text)
      })
      const recovered = Effect.suspend(() => {
        failure = undefined
        complainedAt = -Infinity
        takes.set(1)
        if (!told) return Effect.void
        told = false
        const reason = "the store takes what is written again"
        return Effect.andThen(Effect.logWarning(reason), tellOperator({ kind: "store-takes-again", reason }))
      })
      const look = pass.pipe(
        Effect.tap(fill),
        Effect.andThen(probeStore),
        Effect.matchEffect({ onFailure: complain, onSuccess: () => recovered })
      )
      const { required } = yield* NatsConnection
      // Questions of before the store was usable again may have been dropped: they are asked anew, not waited for.
      const lookInTime: typeof look = Effect.suspend(() =>
        Effect.raceFirst(
          look,
          Effect.andThen(
            required.usableAgain,
            Effect.suspend(() => lookInTime)
          )
        )
      )
      yield* lookInTime.pipe(
        // The bucket that the answers go to is there by now, or soon.
        Effect.andThen(Effect.forkScoped(askServers)),
        Effect.andThen(
          Effect.forever(Effect.andThen(Effect.raceFirst(Effect.sleep(lookMillis), required.usableAgain), lookInTime))
        ),
        Effect.provideService(NatsConnection, connection),
        Effect.forkScoped
      )
    })
  )
}

const hangsText = "hangs when its disk is full: make room there, then end it with SIGKILL and start it"

/** The operator's remedy, by the server's words. */
const cureOf = (
  { detail, reason }: NatsError,
  server: { readonly server_name?: string; readonly version?: string } | null | undefined
): string => {
  if (noSpace.test(detail)) {
    return `; the disk of nats-server "${server?.server_name}" that has this file is full: make room there, and everything goes on by itself`
  }
  if (reason === "NoResponders") {
    return "; JetStream is off: a full disk switches it off, and the log of nats-server names the disk; it goes on when there is room"
  }
  if (noPeers.test(detail)) {
    return "; ROOST_NATS_REPLICAS asks for more copies than the cluster has servers with room for them"
  }
  const version = server?.version ?? ""
  return reason === "Timeout" && !goesOnAfterFullDisk(version) ? `; nats-server ${version} ${hangsText}` : ""
}

/** ENOSPC and EDQUOT, as nats-server passes them on. */
const noSpace = /no space left on device|disk quota exceeded/

/** The words of a cluster with two servers where three copies are asked for. */
const noPeers = /no suitable peers for placement/
