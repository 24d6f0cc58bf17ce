import { assert, describe, it } from "@effect/vitest"
import { Questions } from "../src/internal/Questions.ts"

describe("Questions", () => {
  it("takes what was found last by the order of asking, whatever is answered late", () => {
    const questions = new Questions()
    const [first, second, third] = [questions.ask(), questions.ask(), questions.ask()]
    assert.isTrue(questions.settles(second))
    // It was dropped by a server without a leader, and fails by its timeout.
    assert.isFalse(questions.settles(first))
    assert.isTrue(questions.settles(third))
  })
})
