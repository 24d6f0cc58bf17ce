import { type ConsumerConfig, DeliverPolicy, RetentionPolicy } from "@nats-io/jetstream"
import { type Place, readAgainFrom } from "./Place.ts"

/** From where a durable consumer has to read that would pass over messages. */
export type ReadAgain =
  /** Nobody knows how far it came. */
  | { readonly _tag: "All" }
  /** The stream lost the message of this place, and perhaps some before. */
  | { readonly _tag: "Since"; readonly place: Place }
  /** The stream is as it was up to this sequence. */
  | { readonly _tag: "Behind"; readonly sequence: number }

/** The fields of a consumer's configuration that say where it begins. */
export type ConsumerStart = Partial<Pick<ConsumerConfig, "deliver_policy" | "opt_start_time" | "opt_start_seq">>

interface Beginning {
  readonly retention: RetentionPolicy
  /** Milliseconds since 1970: where a new consumer begins, if not with all that the stream has. */
  readonly startAt: number | undefined
  /** Undefined for a consumer that is new. */
  readonly again: ReadAgain | undefined
  /** The consumer before handled all messages up to this sequence; infinite if nobody knows of one. */
  readonly handledUpTo: number
  /** When the first message behind that was stored. It was given back, or its handler had no time to end. */
  readonly unhandledAt: number | undefined
}

/** Where a consumer begins that is made now. Messages that the one before it gave out and nobody handled come again with it. */
export const startOf = ({ again, handledUpTo, retention, startAt, unhandledAt }: Beginning): ConsumerStart => {
  // A work queue still has the work that nobody has done, and it takes no consumer that begins later.
  if (retention === RetentionPolicy.Workqueue) return { deliver_policy: DeliverPolicy.All }
  switch (again?._tag) {
    case "Behind":
      return {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.min(again.sequence, handledUpTo) + 1
      }
    case "Since":
      return since(Math.max(startAt ?? 0, Math.min(readAgainFrom(again.place), unhandledAt ?? Infinity)))
    default:
      return startAt === undefined ? { deliver_policy: DeliverPolicy.All } : since(startAt)
  }
}

const since = (millis: number): ConsumerStart => ({
  deliver_policy: DeliverPolicy.StartTime,
  opt_start_time: new Date(millis).toISOString()
})
