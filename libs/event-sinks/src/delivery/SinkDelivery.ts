import {
  type ApplicationEvent,
  Buckets,
  type DeadEvent,
  type EventSource,
  type StoredSink,
  Streams,
  Subjects
} from "@roost/contracts"
import { BoundedMap } from "@roost/bounded"
import { codeAndLink } from "@roost/explain"
import {
  awaitStreams,
  type ConsumedMessage,
  deleteConsumer,
  durableConsumer,
  type NatsConnection,
  publishMessage
} from "@roost/nats"
import { metrics } from "@roost/observability"
import { Clock, Effect, FiberMap, Layer, Schedule, type Scope, Semaphore } from "effect"
import { openMqtt } from "../mqtt/MqttWriter.ts"
import { openPostgres } from "../postgres/PostgresWriter.ts"
import { Sinks } from "../registry/Sinks.ts"
import { SinkLag } from "./SinkLag.ts"
import { SinkModels } from "./SinkModels.ts"
import { SinkScripts } from "./SinkScripts.ts"
import { SinkStatuses } from "./SinkStatuses.ts"
import type { SinkWriter } from "./SinkWriter.ts"
import { consumersGone, sourcesOfSink } from "./sourcesOfSink.ts"
import { TargetFault } from "./TargetFault.ts"
import { writeAll } from "./writeAll.ts"

export interface SinkDeliveryOptions {
  /** Before the second try; doubled with every further one, up to `retryMillisMax`. */
  readonly retryMillis: number
  readonly retryMillisMax: number
  /** Of an event that its target or its script refuses; then it goes to the stream SINK_DEAD. */
  readonly triesMax: number
}

export const defaultSinkDelivery: SinkDeliveryOptions = { retryMillis: 1_000, retryMillisMax: 30_000, triesMax: 5 }

/** Events of one source whose tries are counted at once. */
const countedMax = 10_000
/** Also how long the events wait that a process had in hand when it died. A batch that takes longer is another process's, too. */
const ackWaitMillis = 30_000

/**
 * Writes what the sinks of the bucket want, at least once, from a durable consumer per sink and kind that all instances share. A target that
 * is away delays nobody else: its events wait in their stream.
 */
export const layerSinkDelivery = (options: SinkDeliveryOptions = defaultSinkDelivery) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const sinks = yield* Sinks
      yield* awaitStreams({
        streams: [Streams.sinkDead, Streams.setAside, Streams.uplink, Streams.presence, Streams.event],
        buckets: [Buckets.sinks, Buckets.commandHistory]
      })
      const fibers = yield* FiberMap.make<string>()
      const run = yield* FiberMap.runtime(fibers)<NatsConnection | SinkModels | SinkScripts | SinkStatuses>()
      const known = new Map<string, StoredSink>()
      const turns = new Map<string, Semaphore.Semaphore>()
      /** The reader before is ended, and has finished its batch, before its consumers go and another reader begins. */
      const inTurn = <A, E, R>(sinkId: string, work: Effect.Effect<A, E, R>) => {
        let turn = turns.get(sinkId)
        if (turn === undefined) turns.set(sinkId, (turn = Semaphore.makeUnsafe(1)))
        return turn.withPermits(1)(work)
      }
      yield* sinks.follow({
        onPut: (sink) => {
          const before = known.get(sink.sinkId)
          if (before !== undefined && JSON.stringify(before) === JSON.stringify(sink)) return
          known.set(sink.sinkId, sink)
          const leave = before === undefined ? Effect.void : forgetConsumers(before, sink)
          const work = sink.paused ? Effect.never : Effect.scoped(deliver(sink, options))
          run(sink.sinkId, inTurn(sink.sinkId, Effect.andThen(leave, work)))
        },
        onDelete: (sinkId) => {
          const before = known.get(sinkId)
          known.delete(sinkId)
          if (before === undefined) return
          const forget = Effect.andThen(
            forgetConsumers(before, undefined),
            SinkStatuses.use((_) => _.forget(sinkId))
          )
          run(sinkId, inTurn(sinkId, Effect.retry(forget, Schedule.spaced("5 seconds"))))
        }
      })
    })
  )

/** Of what a sink was, and is not any more. */
export const forgetConsumers = (before: StoredSink, after: StoredSink | undefined) =>
  Effect.forEach(consumersGone(before, after), ([stream, durable]) => deleteConsumer(stream, durable), {
    discard: true
  }).pipe(Effect.retry(Schedule.spaced("5 seconds")))

/** The way to a sink's target. */
export const openWriter = Effect.fnUntraced(function* ({
  sinkId,
  target
}: StoredSink): Effect.fn.Return<SinkWriter, never, Scope.Scope | SinkModels> {
  const models = yield* SinkModels
  const log = Effect.runForkWith(yield* Effect.context<never>())
  return target.type === "postgres"
    ? yield* openPostgres(target, models.now, (text) => void log(Effect.logWarning(`sink ${sinkId}: ${text}`)))
    : yield* openMqtt(target, `roost-${sinkId}-${process.pid}-${++opened}`)
})

let opened = 0

const deliver = Effect.fnUntraced(function* (sink: StoredSink, options: SinkDeliveryOptions) {
  for (const [durable, source] of sourcesOfSink(sink)) yield* deliverSource(sink, durable, source, options)
  return yield* Effect.never
})

const deliverSource = Effect.fnUntraced(function* (
  sink: StoredSink,
  durable: string,
  source: EventSource,
  options: SinkDeliveryOptions
) {
  const writer = yield* openWriter(sink)
  const lag = new SinkLag()
  const { read, stream, subject } = source
  yield* Effect.acquireRelease(
    Clock.clockWith((clock) =>
      Effect.sync(() => showLag(sink, durable, () => lag.at(clock.currentTimeMillisUnsafe())))
    ),
    (hide) => Effect.sync(hide)
  )
  const handle = yield* handlerOf(sink, writer, options)
  yield* durableConsumer({
    stream,
    durable,
    filterSubject: subject(sink),
    startAt: sink.from,
    batchMax: writer.batchMax,
    batchEveryMillis: writer.batchEveryMillis,
    ackWaitMillis,
    finishes: true,
    retryMillis: (deliveries) => Math.min(options.retryMillis * 2 ** (deliveries - 1), options.retryMillisMax),
    handler: Effect.fnUntraced(function* (messages) {
      lag.begin(messages[0]!.storedAt)
      const again = yield* handle(
        messages.flatMap((message) => {
          const event = read(message, sink)
          return event === undefined ? [] : [{ message, event }]
        })
      )
      lag.done(messages.at(-1)!.storedAt, messages.length >= writer.batchMax)
      return again
    })
  })
})

interface Read {
  readonly message: ConsumedMessage
  readonly event: ApplicationEvent
}

const handlerOf = Effect.fnUntraced(function* (sink: StoredSink, writer: SinkWriter, options: SinkDeliveryOptions) {
  const statuses = yield* SinkStatuses
  const scripts = yield* SinkScripts
  const { name, script, sinkId } = sink
  const tries = new BoundedMap<number, number>(countedMax)
  const mapped = (events: ReadonlyArray<ApplicationEvent>) =>
    script === undefined
      ? Effect.succeed(events)
      : scripts.map({ productKey: `sink ${sinkId}`, version: sink.generation, source: script }, events)
  const onFault = Effect.fnUntraced(function* (fault: TargetFault, againInMillis: number) {
    const at = yield* Clock.currentTimeMillis
    failed(sinkId).inc()
    statuses.note(sink, { at, fault, nextAttemptAt: at + againInMillis })
  })
  return Effect.fnUntraced(function* (batch: ReadonlyArray<Read>) {
    if (batch.length === 0) return undefined
    const results = yield* mapped(batch.map(({ event }) => event))
    const writes = new Map<ApplicationEvent, Read>()
    const refused: Array<readonly [Read, TargetFault]> = []
    for (const [index, result] of results.entries()) {
      if (result instanceof TargetFault) refused.push([batch[index]!, result])
      else if (result !== undefined) writes.set(result, batch[index]!)
    }
    const faults = yield* writeAll(writer, [...writes.keys()], { ...options, onFault })
    for (const [event, fault] of faults) refused.push([writes.get(event)!, fault])
    const at = yield* Clock.currentTimeMillis
    written(sinkId).inc(writes.size - faults.size)
    if (writes.size > faults.size) statuses.note({ sinkId, name }, { at, upTo: batch.at(-1)!.message.storedAt })
    const again = new Set<ConsumedMessage>()
    for (const [{ event, message }, fault] of refused) {
      const tried = (tries.get(message.sequence) ?? 0) + 1
      tries.set(message.sequence, tried)
      if (tried < options.triesMax) again.add(message)
      else yield* bury(sink, event, tried, fault, at)
    }
    return again
  })
})

/** Without it the event would be lost: the message is acknowledged only after that. */
const bury = Effect.fnUntraced(function* (
  { sinkId }: StoredSink,
  event: ApplicationEvent,
  tries: number,
  fault: TargetFault,
  at: number
) {
  const dead: DeadEvent = { sinkId, event, tries, reason: fault.detail, at, ...codeAndLink(fault.code) }
  yield* publishMessage(Subjects.sinkDead(sinkId), Buffer.from(JSON.stringify(dead)))
  buried(sinkId).inc()
})

const showLag = (sink: StoredSink, durable: string, millis: () => number) =>
  metrics.gaugeFrom(
    "roost_sink_lag_seconds",
    "Age of the oldest event that waits for a sink, by its source; 0 where none does.",
    () => millis() / 1_000,
    { sink: sink.sinkId, source: durable.slice(durable.lastIndexOf("-") + 1) }
  )

const written = (sink: string) =>
  metrics.counter("roost_sink_events_total", "Events that a sink's target has.", { sink })
const failed = (sink: string) =>
  metrics.counter("roost_sink_faults_total", "Tries that a sink's target did not take.", { sink })
const buried = (sink: string) =>
  metrics.counter("roost_sink_dead_total", "Events that went to the stream SINK_DEAD.", { sink })
