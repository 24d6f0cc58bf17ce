import { OperatorEvent, Subjects } from "@roost/contracts"
import { Clock, Effect } from "effect"
import { EventPublisher } from "../EventPublisher.ts"

/** Puts an event for operators into the stream EVENT as soon as the store takes it. */
export type TellOperator = (event: Omit<OperatorEvent, "at">) => Effect.Effect<void>

export const makeTellOperator: Effect.Effect<TellOperator, never, EventPublisher> = Effect.map(
  EventPublisher,
  (events) => (event) =>
    Effect.map(
      Clock.currentTimeMillis,
      (at) => void events.publish("event", Subjects.operatorEvent(event.kind), { ...event, at } satisfies OperatorEvent)
    )
)
