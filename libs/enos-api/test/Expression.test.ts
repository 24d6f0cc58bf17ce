import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { parseExpression } from "../src/Expression.ts"

const fields = ["productKey", "status"]
const read = (text: string | undefined) =>
  Effect.map(Effect.result(parseExpression(text, fields)), (result) =>
    Result.isSuccess(result)
      ? Object.fromEntries([...result.success].map(([field, values]) => [field, [...values]]))
      : result.failure.code
  )

describe("an expression (enos-protocol §8)", () => {
  const taken: ReadonlyArray<readonly [string | undefined, Record<string, Array<string>>]> = [
    [undefined, {}],
    ["  ", {}],
    [`productKey="a"`, { productKey: ["a"] }],
    [`productKey = 'a b' AND status=online`, { productKey: ["a b"], status: ["online"] }],
    [`status in ("online", 'offline',disabled)`, { status: ["online", "offline", "disabled"] }],
    [`status in (online, offline) and status = offline`, { status: ["offline"] }],
    [`status = online and status = offline`, { status: [] }]
  ]
  for (const [text, values] of taken) {
    it.effect(`${text} is read`, () => Effect.map(read(text), (found) => assert.deepStrictEqual(found, values)))
  }

  for (const text of [
    "productKey",
    `productKey like "a"`,
    `productKey = "a" or status = online`,
    `productKey = "a`,
    "status in ()",
    `deviceTags.site = "x"`,
    `productKey = "a" status = online`,
    "x".repeat(5000)
  ]) {
    it.effect(`${text.slice(0, 40)} is not guessed at: 99400`, () =>
      Effect.map(read(text), (found) => assert.strictEqual(found, 99_400))
    )
  }

  it.effect("that is too long is told how long it may be (trust F14)", () =>
    Effect.map(Effect.flip(parseExpression("x".repeat(5000), fields)), ({ msg }) =>
      assert.include(msg, "expected at most 4096 characters")
    )
  )
})
