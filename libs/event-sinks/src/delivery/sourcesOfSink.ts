import {
  DeadEvent,
  type EventSource,
  eventSources,
  fromJsonText,
  type StoredSink,
  Streams,
  Subjects
} from "@roost/contracts"
import { Result, Schema } from "effect"

type Named = Pick<StoredSink, "sinkId" | "kinds" | "generation">

/** The sources of a sink's events, by the names of its consumers: its kinds, and the events that are written again. */
export const sourcesOfSink = ({
  generation,
  kinds,
  sinkId
}: Named): ReadonlyArray<readonly [durable: string, EventSource]> => [
  ...kinds.map((kind) => [`${sinkId}-${generation}-${kind}`, eventSources[kind]] as const),
  [`${sinkId}-dead`, deadSource(sinkId)]
]

const deadSource = (sinkId: string): EventSource => ({
  stream: Streams.sinkDead.name,
  subject: () => Subjects.sinkReplay(sinkId),
  read: ({ data }) => {
    const dead = decodeDead(new TextDecoder().decode(data))
    return Result.isSuccess(dead) ? (dead.success.event as ReturnType<EventSource["read"]>) : undefined
  }
})

/** The consumers that `after` has no more; of all where there is no sink after it. */
export const consumersGone = (
  before: Named,
  after: Named | undefined
): ReadonlyArray<readonly [stream: string, durable: string]> => {
  const kept = new Set(after === undefined ? [] : sourcesOfSink(after).map(([durable]) => durable))
  return sourcesOfSink(before).flatMap(([durable, { stream }]) =>
    kept.has(durable) ? [] : [[stream, durable] as const]
  )
}

const decodeDead = Schema.decodeUnknownResult(fromJsonText(DeadEvent))
