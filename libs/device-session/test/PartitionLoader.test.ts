import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Acquisition, makePartitionLoader } from "../src/service/PartitionLoader.ts"

/** Loads batches as `load` says, and notes them. */
const loading = (load: (partitions: ReadonlyArray<number>) => void) =>
  Effect.gen(function* () {
    const batches: Array<ReadonlyArray<number>> = []
    const faults = { count: 0 }
    const loadAll = (batch: ReadonlyArray<Acquisition>) =>
      Effect.sync(() => {
        const partitions = batch.map(({ partition }) => partition)
        batches.push(partitions)
        load(partitions)
      })
    const loader = yield* makePartitionLoader(loadAll, () => faults.count++)
    const begin = (partition: number, fencingToken = 1) =>
      Effect.forkChild(loader.load({ partition, fencingToken }), { startImmediately: true })
    return { ...loader, begin, batches, faults }
  })

const broken = (partition: number, times = Infinity) => {
  let left = times
  return (partitions: ReadonlyArray<number>) => {
    if (!partitions.includes(partition) || left-- <= 0) return
    throw new Error("planted while it is loaded")
  }
}

describe("a partition that is loaded", () => {
  it.effect("is loaded together with those that were acquired meanwhile", () =>
    Effect.gen(function* () {
      const { batches, begin } = yield* loading(() => undefined)
      const fibers = yield* Effect.forEach([1, 2, 3], (partition) => begin(partition))
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [true, true, true])
      assert.deepStrictEqual(batches.flat(), [1, 2, 3])
    })
  )

  it.effect("costs no other one its service when it throws, and is served once it throws no more", () =>
    Effect.gen(function* () {
      const { batches, begin, faults, troubles } = yield* loading(broken(2, 4))
      const [one, two, three] = yield* Effect.forEach([1, 2, 3], (partition) => begin(partition))
      assert.isTrue(yield* Fiber.join(one!))
      assert.isTrue(yield* Fiber.join(three!))
      assert.match(troubles()!, /^partition 2 could not be loaded, and is tried again in 1 s/)
      const later = yield* begin(4)
      assert.isTrue(yield* Fiber.join(later))
      yield* TestClock.adjust(1_000)
      assert.match(troubles()!, /in 2 s/)
      yield* TestClock.adjust(1_999)
      const tried = batches.length
      yield* TestClock.adjust(1)
      assert.strictEqual(batches.length, tried + 1)
      yield* TestClock.adjust(4_000)
      assert.isTrue(yield* Fiber.join(two!))
      assert.isUndefined(troubles())
      assert.strictEqual(faults.count, 4)
    })
  )

  it.effect("is tried ever more seldom, and no more when it is another node's", () =>
    Effect.gen(function* () {
      const { batches, begin, giveUp, troubles } = yield* loading(broken(2))
      const fiber = yield* begin(2)
      yield* TestClock.adjust("1 hour")
      assert.isBelow(batches.length, 70)
      assert.isAbove(batches.length, 50)
      giveUp(2)
      assert.isFalse(yield* Fiber.join(fiber))
      assert.isUndefined(troubles())
      const tried = batches.length
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(batches.length, tried)
    })
  )

  it.effect("and is acquired again meanwhile is the newer owner's", () =>
    Effect.gen(function* () {
      const { begin } = yield* loading(broken(2, 1))
      const former = yield* begin(2, 1)
      const newer = yield* begin(2, 2)
      assert.isFalse(yield* Fiber.join(former))
      yield* TestClock.adjust(1_000)
      assert.isTrue(yield* Fiber.join(newer))
    })
  )
})
