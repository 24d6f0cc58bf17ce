import { assert, describe, it } from "@effect/vitest"
import { PlacementAnnouncement, Subjects } from "@roost/contracts"
import { FrameBus } from "@roost/nats"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import {
  announceMillis,
  announcePlacement,
  nodeSilenceMillisMax,
  type OwnedPartitions,
  watchPlacement
} from "../src/index.ts"

/** Delivers at once to everyone who listens in this process, except while it is cut. */
class LocalBus {
  cut = false
  readonly said: Array<PlacementAnnouncement> = []
  readonly #handlers = new Map<string, Set<(bytes: Uint8Array) => void>>()
  readonly layer = Layer.succeed(
    FrameBus,
    FrameBus.of({
      publish: (subject, bytes) => {
        if (this.cut) return false
        if (subject === Subjects.placementAnnounce) this.said.push(decode(new TextDecoder().decode(bytes)))
        this.#handlers.get(subject)?.forEach((handler) => handler(bytes))
        return true
      },
      subscribe: (subject, handler) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const handlers = this.#handlers.get(subject) ?? new Set()
            this.#handlers.set(subject, handlers.add(handler))
          }),
          () => Effect.sync(() => this.#handlers.get(subject)?.delete(handler))
        )
    })
  )

  send(subject: string, text: string): void {
    this.#handlers.get(subject)?.forEach((handler) => handler(new TextEncoder().encode(text)))
  }
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(PlacementAnnouncement))

/** Partitions 0 to `to`, with one fencing token. */
const upTo = (to: number, token = 1): OwnedPartitions => Array.from({ length: to + 1 }, (_, index) => [index, token])

describe("announcePlacement", () => {
  it.effect("says what the node owns at once, every second and when asked", () => {
    const bus = new LocalBus()
    return Effect.gen(function* () {
      yield* announcePlacement("a", upTo(255))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(bus.said, [{ nodeId: "a", partitions: upTo(255), term: 0, leaving: false }])
      yield* TestClock.adjust(announceMillis * 3)
      assert.strictEqual(bus.said.length, 4)
      bus.send(Subjects.placementAsk, "")
      assert.strictEqual(bus.said.length, 5)
    }).pipe(Effect.scoped, Effect.provide(bus.layer))
  })

  it.effect("says a changed share at once, with a higher term", () => {
    const bus = new LocalBus()
    return Effect.gen(function* () {
      const announcer = yield* announcePlacement("a", upTo(255))
      yield* TestClock.adjust(0)
      announcer.own(upTo(511))
      assert.deepStrictEqual(bus.said.at(-1), { nodeId: "a", partitions: upTo(511), term: 1, leaving: false })
    }).pipe(Effect.scoped, Effect.provide(bus.layer))
  })

  it.effect("says last of all that the node leaves", () => {
    const bus = new LocalBus()
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* announcePlacement("a", upTo(255)).pipe(Scope.provide(scope))
      yield* TestClock.adjust(announceMillis)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(bus.said.at(-1)!.leaving)
      const { length } = bus.said
      yield* TestClock.adjust(announceMillis * 10)
      bus.send(Subjects.placementAsk, "")
      assert.strictEqual(bus.said.length, length)
    }).pipe(Effect.provide(bus.layer))
  })
})

describe("watchPlacement", () => {
  it.effect("asks the nodes that are there, and follows their changes", () => {
    const bus = new LocalBus()
    return Effect.gen(function* () {
      const announcer = yield* announcePlacement("a", upTo(511))
      yield* TestClock.adjust(announceMillis / 2)
      const placement = yield* watchPlacement
      assert.strictEqual(placement.ownerOf(300), "a")
      announcer.own(upTo(255))
      assert.isUndefined(placement.ownerOf(300))
    }).pipe(Effect.scoped, Effect.provide(bus.layer))
  })

  it.effect(
    "gives the share of two processes to the one with the higher fencing tokens, and back when it leaves",
    () => {
      const bus = new LocalBus()
      return Effect.gen(function* () {
        const placement = yield* watchPlacement
        yield* announcePlacement("a", upTo(511))
        yield* TestClock.adjust(5000)
        const newer = yield* Scope.make()
        yield* announcePlacement("b", upTo(511, 2)).pipe(Scope.provide(newer))
        yield* TestClock.adjust(announceMillis)
        assert.strictEqual(placement.ownerOf(7), "b")
        yield* Scope.close(newer, Exit.void)
        assert.strictEqual(placement.ownerOf(7), "a")
      }).pipe(Effect.scoped, Effect.provide(bus.layer))
    }
  )

  it.effect("removes a node that fell silent, and takes it back", () => {
    const bus = new LocalBus()
    return Effect.gen(function* () {
      const placement = yield* watchPlacement
      yield* announcePlacement("a", upTo(511))
      yield* TestClock.adjust(0)
      bus.cut = true
      yield* TestClock.adjust(nodeSilenceMillisMax - 1)
      assert.strictEqual(placement.ownerOf(7), "a")
      yield* TestClock.adjust(announceMillis)
      assert.isUndefined(placement.ownerOf(7))
      bus.cut = false
      yield* TestClock.adjust(announceMillis)
      assert.strictEqual(placement.ownerOf(7), "a")
    }).pipe(Effect.scoped, Effect.provide(bus.layer))
  })

  it.effect("counts what is no announcement and goes on", () => {
    const bus = new LocalBus()
    return Effect.gen(function* () {
      const placement = yield* watchPlacement
      for (const text of ["", "{", '{"nodeId":"a"}', "\u0000"]) bus.send(Subjects.placementAnnounce, text)
      assert.deepStrictEqual([placement.malformed, placement.nodes], [4, 0])
    }).pipe(Effect.scoped, Effect.provide(bus.layer))
  })
})
