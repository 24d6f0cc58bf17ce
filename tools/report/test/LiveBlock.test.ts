// Each command to a terminal begins with a control character.
// oxlint-disable no-control-regex
import { assert, describe, it } from "vitest"
import { LiveBlock } from "../src/index.ts"

/** A terminal of so many columns: what it shows after all that was written. */
const given = (columns: number) => {
  const lines: Array<string> = [""]
  const write = (text: string): void => {
    for (const part of text.split(/(\u001B\[\d*[AJ]|\n)/)) {
      const up = /^\u001B\[(\d+)A$/.exec(part)
      if (up !== null) lines.splice(lines.length - 1 - Number(up[1]))
      if (up !== null || part === "\n") lines.push("")
      else if (!part.endsWith("J")) lines[lines.length - 1] += part
    }
  }
  return { block: new LiveBlock({ isTTY: true, columns, write }), shown: () => lines.slice(0, -1) }
}

describe("a block at the foot of a terminal", () => {
  it("is drawn over itself, also where it gets shorter", () => {
    const { block, shown } = given(80)
    block.draw(["a", "b", "c"])
    block.draw(["d", "e"])
    assert.deepStrictEqual(shown(), ["d", "e"])
  })

  it("leaves lines that were said, and goes on below them", () => {
    const { block, shown } = given(80)
    block.draw(["at 1 s"])
    block.say("a fault")
    block.draw(["at 2 s"])
    block.say("another")
    block.draw(["at 3 s"])
    assert.deepStrictEqual(shown(), ["a fault", "another", "at 3 s"])
  })

  it("takes 80 columns for those of a terminal of no known width", () => {
    const { block, shown } = given(0)
    block.draw(["x".repeat(100)])
    assert.deepStrictEqual(shown(), ["x".repeat(79)])
  })

  it("cuts lines that would wrap, and counts no colour", () => {
    const { block, shown } = given(6)
    block.draw(["12345678", "\u001B[31m123\u001B[39m"])
    assert.deepStrictEqual(shown(), ["12345", "\u001B[31m123\u001B[39m"])
  })
})
