import { PlacementAnnouncement, Subjects } from "@roost/contracts"
import { FrameBus } from "@roost/nats"
import { Clock, Effect, Result, Schema, type Scope } from "effect"
import { PlacementMap } from "./PlacementMap.ts"

/**
 * Announcements remembered with what they say: a node repeats itself every second, and 512 partitions take a millisecond to
 * decode. Some 6 KiB each.
 */
const heardMax = 256

/**
 * The placement of the cluster, kept up to date from what the nodes announce until the scope ends. Empty at first: the
 * nodes are asked and answer in milliseconds. Silence is measured on the monotonic clock.
 */
export const watchPlacement: Effect.Effect<PlacementMap, never, FrameBus | Scope.Scope> = Effect.gen(function* () {
  const bus = yield* FrameBus
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const placement = new PlacementMap()
  const heard = new Map<string, PlacementAnnouncement>()
  yield* bus.subscribe(Subjects.placementAnnounce, (bytes) => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")
    const known = heard.get(text)
    if (known !== undefined) return placement.handle(now(), known)
    const announced = decode(text)
    if (Result.isFailure(announced)) {
      placement.malformed++
      return
    }
    if (heard.size >= heardMax) heard.clear()
    heard.set(text, announced.success)
    placement.handle(now(), announced.success)
  })
  bus.publish(Subjects.placementAsk, new Uint8Array(0))
  yield* Effect.suspend(() => {
    placement.expire(now())
    return Effect.sleep(placement.quietMillis(now()))
  }).pipe(Effect.forever, Effect.forkScoped)
  return placement
})

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(PlacementAnnouncement))
