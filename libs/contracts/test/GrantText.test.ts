import { assert, describe, it } from "@effect/vitest"
import { grantsOfText } from "../src/index.ts"

describe("roles as a text", () => {
  it("are several with spaces between, those of products with their keys", () => {
    assert.deepStrictEqual(grantsOfText("viewer developer:meters,water firmware:*"), [
      { role: "viewer" },
      { role: "developer", products: ["meters", "water"] },
      { role: "firmware", products: ["*"] }
    ])
  })

  it("say what was expected where they can't be read", () => {
    for (const [text, expected] of [
      ["root", /expected one of viewer, operator/],
      ["developer", /expected developer:PRODUCT,… or developer:\* for every product; got "developer"/],
      ["viewer:meters", /expected viewer without products/]
    ] as const) {
      assert.throws(() => grantsOfText(text), expected)
    }
  })
})
