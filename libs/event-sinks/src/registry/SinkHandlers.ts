import { RegistryApi, type Sink, sinkFixed, type StoredSink, Streams, Subjects } from "@roost/contracts"
import { catalogue, codeAndLink } from "@roost/explain"
import { requireUnchanged } from "@roost/http"
import { deliveryCounts, NatsConnection, requestRpc } from "@roost/nats"
import { Clock, Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { forgetConsumers } from "../delivery/SinkDelivery.ts"
import { SinkStatuses } from "../delivery/SinkStatuses.ts"
import { sourcesOfSink } from "../delivery/sourcesOfSink.ts"
import { listDeadEvents, replayDeadEvents } from "./DeadEvents.ts"
import { KnownDevices } from "./KnownDevices.ts"
import { replaced, Sinks } from "./Sinks.ts"
import { sinkTestRpc, testMillisMax } from "./SinkTest.ts"

/** Sinks of a list that are looked at together; each takes some five questions to the nats-server. */
const readTogetherMax = 8

export const SinkHandlers = HttpApiBuilder.group(
  RegistryApi,
  "sinks",
  Effect.fnUntraced(function* (handlers) {
    const sinks = yield* Sinks
    const known = yield* KnownDevices
    const statuses = yield* SinkStatuses
    const connection = yield* NatsConnection
    const onNats = Effect.provideService(NatsConnection, connection)
    const shown = Effect.fnUntraced(function* ({ generation, target, ...sink }: StoredSink) {
      const { password, ...visible } = target
      const status = yield* Effect.orDie(statuses.get(sink.sinkId))
      const { dead, waiting } = yield* queueOf({ ...sink, generation })
      const now = yield* Clock.currentTimeMillis
      const oldest = status.writtenUpTo ?? sink.from
      return {
        ...sink,
        target: { ...visible, hasPassword: password !== undefined },
        status,
        waiting,
        lagSeconds: waiting === 0 ? 0 : Math.max(0, now - oldest) / 1_000,
        dead
      } as Sink
    }, onNats)
    const changed = Effect.fnUntraced(function* (sinkId: string, change: (stored: StoredSink) => StoredSink) {
      const [before, after] = yield* sinks.change(sinkId, change)
      yield* forgetLater(forgetConsumers(before, after))
      return yield* shown(after)
    }, onNats)
    return handlers.handleAll({
      createSink: Effect.fnUntraced(function* ({ payload }) {
        const { deviceKey, productKey } = payload
        if (productKey !== undefined) {
          yield* known.requireProduct(productKey)
          if (deviceKey !== undefined) yield* known.requireDevice({ productKey, deviceKey })
        }
        return yield* shown(yield* sinks.create(payload))
      }),
      listSinks: () =>
        sinks.list.pipe(
          Effect.flatMap(Effect.forEach(shown, { concurrency: readTogetherMax })),
          Effect.map((found) => ({ sinks: found }))
        ),
      getSink: ({ params }) => Effect.flatMap(sinks.get(params.sinkId), shown),
      replaceSink: ({ params: { sinkId }, payload }) =>
        Effect.andThen(
          requireUnchanged(payload, sinkFixed, sinks.get(sinkId)),
          changed(sinkId, (stored) => replaced(stored, payload))
        ),
      deleteSink: Effect.fnUntraced(function* ({ params: { sinkId } }) {
        const before = yield* sinks.delete(sinkId)
        const forget = Effect.andThen(forgetConsumers(before, undefined), Effect.ignore(statuses.forget(sinkId)))
        yield* forgetLater(forget)
      }, onNats),
      pauseSink: ({ params: { sinkId } }) => changed(sinkId, (stored) => ({ ...stored, paused: true })),
      resumeSink: ({ params: { sinkId } }) => changed(sinkId, (stored) => ({ ...stored, paused: false })),
      replaySink: ({ params: { sinkId }, payload: { from } }) =>
        changed(sinkId, (stored) => ({ ...stored, from, generation: stored.generation + 1 })),
      testSink: Effect.fnUntraced(function* ({ params: { sinkId } }) {
        yield* sinks.get(sinkId)
        const begun = yield* Clock.currentTimeMillis
        const reply = yield* Effect.option(requestRpc(sinkTestRpc, { sinkId }, testMillisMax))
        if (Option.isSome(reply) && reply.value._tag === "Tried") return reply.value.result
        const error = Option.isNone(reply)
          ? "no app writes sinks: nobody answered"
          : "the app that writes sinks can't open this one: it has another cluster key"
        const millis = (yield* Clock.currentTimeMillis) - begun
        return { reached: false, millis, error, cure: catalogue["sink-no-app"].cure, ...codeAndLink("sink-no-app") }
      }, onNats),
      listDeadEvents: ({ params: { sinkId } }) =>
        sinks.get(sinkId).pipe(
          Effect.andThen(Effect.orDie(listDeadEvents(sinkId))),
          Effect.map((dead) => ({ dead })),
          onNats
        ),
      replayDeadEvents: ({ params: { sinkId } }) =>
        sinks.get(sinkId).pipe(
          Effect.andThen(Effect.orDie(replayDeadEvents(sinkId))),
          Effect.map((replayed) => ({ replayed })),
          onNats
        )
    })
  })
)

/** The app that writes deletes consumers as soon as it has left them; where none runs, the registry does it. */
const forgetAfterMillis = 10_000
const forgetMillisMax = 60_000

const forgetLater = <E, R>(forget: Effect.Effect<void, E, R>) =>
  Effect.forkDetach(Effect.timeoutOption(Effect.delay(forget, forgetAfterMillis), forgetMillisMax))

/** The counts of what waits for a sink and of what it gave up. */
const queueOf = (sink: Pick<StoredSink, "sinkId" | "kinds" | "generation">) =>
  deliveryCounts(
    sourcesOfSink(sink).map(([durable, { stream }]) => ({ stream, durable })),
    { stream: Streams.sinkDead.name, subject: Subjects.sinkDead(sink.sinkId) }
  )
