import { assert, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { tellEachMinute } from "../src/index.ts"

it.effect(
  "however many were refused, a minute has one line with how many of which kind, and a quiet one has none",
  () => {
    const lines: Array<unknown> = []
    const counts = new Map([["NotDtls", 0]])
    return Effect.gen(function* () {
      yield* tellEachMinute(
        () => counts,
        (grown) => `dropped: ${grown}`
      )
      for (let i = 0; i < 5_000; i++) counts.set("NotDtls", counts.get("NotDtls")! + 1)
      counts.set("HandshakeRate", 12)
      yield* TestClock.adjust("1 minute")
      yield* TestClock.adjust("1 minute")
      counts.set("NotDtls", 5_001)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(lines.flat(), ["dropped: 5000 NotDtls, 12 HandshakeRate", "dropped: 1 NotDtls"])
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(message))])))
  }
)
