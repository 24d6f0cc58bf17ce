import { Effect, Layer } from "effect"
import { Session } from "node:inspector"
import { performance } from "node:perf_hooks"
import { Health } from "./Health.ts"

/** How long a process has to be ready, and at rest, before its heap is collected. */
export const restMillis = 2_000
/** Share of that time that its event loop may have worked. */
export const restUtilizationMax = 0.2

/**
 * Gives back what the start used, once. Until then V8 keeps a young generation that has grown to its largest. An idle process
 * fills these 48 MB anew for hours before it collects them. Never while the process has work, since a collection stops it for
 * some 40 ms.
 */
export const layerHeapAfterStart: Layer.Layer<never, never, Health> = Layer.effectDiscard(
  Effect.gen(function* () {
    const health = yield* Health
    const rested = Effect.gen(function* () {
      const before = performance.eventLoopUtilization()
      const wasReady = health.readiness().ready
      yield* Effect.sleep(restMillis)
      const { utilization } = performance.eventLoopUtilization(before)
      return wasReady && utilization <= restUtilizationMax
    })
    yield* rested.pipe(Effect.repeat({ until: (isAtRest) => isAtRest }), Effect.andThen(collectHeap), Effect.forkScoped)
  })
)

/**
 * The one way to ask V8 for its memory that needs no flag: a collection that also shrinks the young generation. The session
 * ends in a later turn. Its agent holds a lock while it tells the end of the collection, and waits for it for ever where it is
 * destroyed meanwhile.
 */
export const collectHeap: Effect.Effect<void> = Effect.callback<void>((resume) => {
  const session = new Session()
  session.connect()
  session.post("HeapProfiler.collectGarbage", () =>
    setImmediate(() => {
      session.disconnect()
      resume(Effect.void)
    })
  )
})
