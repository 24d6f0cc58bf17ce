import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { failuresAloneMax, Isolation } from "../src/Isolation.ts"

const batch = (size: number): ReadonlyArray<number> => Array.from({ length: size }, (_, i) => i)
const failed = Cause.die(new Error("as a whole"))

/** Fails for parts that hold one of `bad`. */
const handlerOf = (bad: ReadonlySet<number>) => {
  const calls: Array<number> = []
  const handle = (messages: ReadonlyArray<number>) =>
    Effect.suspend(() => {
      calls.push(messages.length)
      return messages.some((message) => bad.has(message)) ? Effect.fail("bad") : Effect.void
    })
  return { calls, handle }
}

describe("a batch that failed", () => {
  it.effect("is divided: one bad message among 2 048 costs 22 calls more (trust C3)", () =>
    Effect.gen(function* () {
      const isolation = new Isolation<number>((message) => message)
      const { calls, handle } = handlerOf(new Set([1234]))
      const found = yield* isolation.divide(batch(2048), failed, handle)
      assert.deepStrictEqual([found.handled.length, found.again, found.aside], [2047, [1234], []])
      assert.strictEqual(calls.length, 22)
      assert.deepStrictEqual(
        found.handled,
        batch(2048).filter((message) => message !== 1234)
      )
    })
  )

  it.effect("has what fails alone set aside, however much of it there is (trust C3)", () =>
    Effect.gen(function* () {
      const isolation = new Isolation<number>((message) => message)
      const { handle } = handlerOf(new Set([0, 1, 2, 3, 4, 5, 6, 9]))
      for (let i = 1; i < failuresAloneMax; i++) {
        assert.isEmpty((yield* isolation.divide(batch(10), failed, handle)).aside)
      }
      const { again, aside } = yield* isolation.divide(batch(10), failed, handle)
      assert.deepStrictEqual([again, aside.map(([message]) => message)], [[], [0, 1, 2, 3, 4, 5, 6, 9]])
      assert.strictEqual(aside[0]![1], "bad")
    })
  )

  it.effect("blames no message while everything fails (trust C3)", () =>
    Effect.gen(function* () {
      const isolation = new Isolation<number>((message) => message)
      const { handle } = handlerOf(new Set(batch(8)))
      for (let i = 0; i < 10 * failuresAloneMax; i++) {
        const found = yield* isolation.divide(batch(8), failed, handle)
        assert.deepStrictEqual([found.again.length, found.aside.length], [8, 0])
      }
      // The store is back: those that are handled now were never to blame.
      isolation.noteHandled(batch(8).slice(1))
      for (let i = 1; i < failuresAloneMax; i++) {
        assert.isEmpty((yield* isolation.divide([0], failed, handle)).aside)
        isolation.noteHandled([100 + i])
      }
      assert.deepStrictEqual((yield* isolation.divide([0], failed, handle)).aside.length, 1)
    })
  )
})
