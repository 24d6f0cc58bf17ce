import type { ApplicationEvent } from "@roost/contracts"
import { Effect } from "effect"
import type { SinkWriter } from "./SinkWriter.ts"
import { TargetFault, targetFault } from "./TargetFault.ts"

export interface WriteOptions {
  /** Before the second try of a target that takes nothing; doubled with every further one. */
  readonly retryMillis: number
  readonly retryMillisMax: number
  /** A target that takes nothing is told of at every try. */
  readonly onFault: (fault: TargetFault, againInMillis: number) => Effect.Effect<void>
}

/**
 * Writes all that can be written, and gives what the target refused by itself, with why. While the target takes nothing it is tried again
 * for ever, and may be ended meanwhile. Where it refuses every event of several for what they are, the fault is the target's.
 */
export const writeAll = (
  writer: Pick<SinkWriter, "write">,
  events: ReadonlyArray<ApplicationEvent>,
  options: WriteOptions
): Effect.Effect<ReadonlyMap<ApplicationEvent, TargetFault>> =>
  Effect.gen(function* () {
    for (let millis = options.retryMillis; ; millis = Math.min(2 * millis, options.retryMillisMax)) {
      const refused = new Map<ApplicationEvent, TargetFault>()
      const fault = yield* halved(writer, events, refused).pipe(
        Effect.as(undefined),
        Effect.catch((fault) => Effect.succeed(fault))
      )
      const [first] = refused.values()
      const blamed =
        fault ??
        (refused.size > 1 && refused.size === events.length && first !== undefined ? asTargets(first) : undefined)
      if (blamed === undefined) return refused
      yield* options.onFault(blamed, millis)
      yield* Effect.interruptible(Effect.sleep(millis))
    }
  })

/** Fails with what is the target's fault; what is an event's is in `refused` then. */
const halved = (
  writer: Pick<SinkWriter, "write">,
  events: ReadonlyArray<ApplicationEvent>,
  refused: Map<ApplicationEvent, TargetFault>
): Effect.Effect<void, TargetFault> => {
  if (events.length === 0) return Effect.void
  return Effect.catch(writer.write(events), (fault) => {
    if (fault.blame === "target") return Effect.fail(fault)
    if (events.length === 1) return Effect.sync(() => void refused.set(events[0]!, fault))
    const middle = events.length >> 1
    return Effect.andThen(
      halved(writer, events.slice(0, middle), refused),
      Effect.suspend(() => halved(writer, events.slice(middle), refused))
    )
  })
}

const asTargets = ({ code, detail }: TargetFault): TargetFault => targetFault("target", code, detail)
