import { type KeyChecks, PlacementAnnouncement, Subjects } from "@roost/contracts"
import { FrameBus } from "@roost/nats"
import { Clock, Effect, Schema, type Scope } from "effect"

/** How often a node says what it owns; a fifth of the silence after which it owns nothing. With the calm ticks (`Ticker`). */
export const announceMillis = 1000

/** Partitions with their fencing tokens. */
export type OwnedPartitions = ReadonlyArray<readonly [partition: number, fencingToken: number]>

/** A node's announcement about itself. */
export interface PlacementAnnouncer {
  /** The node's share from now on; said at once. */
  readonly own: (partitions: OwnedPartitions) => void
}

/**
 * Announces what `nodeId` owns, every second, on change and when asked, until the scope ends; then that it leaves. The
 * term begins with the time of the start, so that a process started again under its name is heard at once.
 */
export const announcePlacement = Effect.fnUntraced(function* (
  nodeId: string,
  share: OwnedPartitions = [],
  routingKeyChecks?: KeyChecks,
  /** Whether it holds its lease: edges route to it in any case, and say that its devices are not served. */
  isServing: () => boolean = () => true
): Effect.fn.Return<PlacementAnnouncer, never, FrameBus | Scope.Scope> {
  const bus = yield* FrameBus
  let term = yield* Clock.currentTimeMillis
  let partitions = share
  const [routingKeyCheck, previousRoutingKeyCheck] = routingKeyChecks ?? []
  const routing = {
    ...(routingKeyCheck === undefined ? {} : { routingKeyCheck }),
    ...(previousRoutingKeyCheck === undefined ? {} : { previousRoutingKeyCheck })
  }
  let serving = true
  const encoded = (leaving: boolean) =>
    utf8.encode(encode({ nodeId, partitions, term, leaving, ...routing, ...(serving ? {} : { serving }) }))
  // The same bytes until something changes: who hears them again has nothing to read.
  let announcement = encoded(false)
  const say = (leaving: boolean) => {
    const now = isServing()
    if (now !== serving) {
      serving = now
      term++
      announcement = encoded(false)
    }
    bus.publish(Subjects.placementAnnounce, leaving ? encoded(true) : announcement)
  }
  // First of all, and so after everything else has stopped: a node that spoke once more would come back for five seconds.
  yield* Effect.addFinalizer(() => Effect.sync(() => say(true)))
  yield* bus.subscribe(Subjects.placementAsk, () => say(false))
  const clock = yield* Clock.Clock
  yield* Effect.suspend(() => {
    say(false)
    const now = Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
    return Effect.sleep(announceMillis - (now % announceMillis))
  }).pipe(Effect.forever, Effect.forkScoped)
  return {
    own: (next) => {
      partitions = next
      term++
      announcement = encoded(false)
      say(false)
    }
  }
})

const encode = Schema.encodeSync(Schema.fromJsonString(PlacementAnnouncement))
const utf8 = new TextEncoder()
