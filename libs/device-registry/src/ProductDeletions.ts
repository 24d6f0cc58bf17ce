import { metrics } from "@roost/observability"
import { Context, Duration, Effect, Layer, Schedule } from "effect"
import { deletionDevicesMax, deletionEventsMax, deletionRestMillisMax, deletionUntoldMax } from "./Limits.ts"
import { type DeletionStep, RegistryStore } from "./RegistryStore.ts"
import { Step } from "./Step.ts"

/** Deletions that another instance began, or one that died, are looked for so often. */
const lookMillis = 2_000

/** Records that others keep of products, such as webhooks: they go with the product. */
export class ProductRemains extends Context.Service<
  ProductRemains,
  { readonly forget: (productKey: string) => Effect.Effect<void> }
>()("@roost/device-registry/ProductRemains") {
  static readonly layerNone = Layer.succeed(ProductRemains, { forget: () => Effect.void })
}

/**
 * Deletes, in the background and by one instance at a time, the products that are to be deleted. Devices go first, in transactions of
 * some milliseconds, no faster than the actors are told of them. The next round goes on where a deletion broke off.
 */
export const layerProductDeletions: Layer.Layer<never, never, RegistryStore | ProductRemains> = Layer.effectDiscard(
  Effect.gen(function* () {
    const store = yield* RegistryStore
    const remains = yield* ProductRemains
    const finish = Effect.fnUntraced(function* (productKey: string) {
      let devices = 0
      const some = new Step(deletionDevicesMax)
      for (;;) {
        yield* toldEnough
        const deleted = yield* resting(some, store.deleteDevicesOf(productKey, some.size))
        if (deleted === 0) break
        devices += deleted
        devicesDeleted.inc(deleted)
      }
      yield* remains.forget(productKey)
      const events = new Step(deletionEventsMax)
      while ((yield* resting(events, store.deleteEventsOf(productKey, events.size))) > 0);
      if (yield* store.finishDeletion(productKey)) {
        yield* Effect.logInfo(`product ${productKey} is deleted, with ${devices} devices in this run`)
      }
    })
    /** Else the actors would hear of what an operator changes meanwhile only behind all of these devices. */
    const toldEnough = Effect.repeat(store.untoldChanges(deletionUntoldMax), {
      schedule: Schedule.spaced(deletionRestMillisMax),
      until: (untold) => untold.length < deletionUntoldMax
    })
    const round = Effect.gen(function* () {
      for (const productKey of yield* store.deletions) yield* finish(productKey)
    })
    yield* store.unlessDeletedElsewhere(round).pipe(
      Effect.sandbox,
      Effect.tapError((cause) => Effect.logWarning("a product is not deleted yet", cause)),
      Effect.retry(Schedule.spaced("1 second")),
      Effect.andThen(Effect.raceFirst(store.somethingToDelete, Effect.sleep(lookMillis))),
      Effect.forever,
      Effect.forkScoped
    )
  })
)

/** Gives as much time to all who wait for the thread. */
const resting = Effect.fnUntraced(function* (step: Step, work: Effect.Effect<DeletionStep>) {
  const [took, { deleted, millis }] = yield* Effect.timed(work)
  step.took(millis)
  yield* Effect.sleep(Duration.min(took, Duration.millis(deletionRestMillisMax)))
  return deleted
})

const devicesDeleted = metrics.counter(
  "roost_registry_devices_deleted_with_product_total",
  "Devices that were deleted with their product."
)
