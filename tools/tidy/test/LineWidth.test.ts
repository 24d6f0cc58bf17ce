import { resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { checkLineWidth, lineWidthMax } from "../src/LineWidth.ts"
import { readRepository } from "../src/Repository.ts"

it("no line of a page is wider than may be", () => {
  assert.deepStrictEqual(checkLineWidth(readRepository(resolve(import.meta.dirname, "../../.."))), [])
})

describe("a line that is too wide", () => {
  const wide = "x".repeat(lineWidthMax + 1)
  const linesOf = (path: string, text: string) =>
    checkLineWidth({ files: new Map([[path, text]]), projects: [] }).map(({ line }) => line)

  it("is found in text and in a list", () =>
    assert.deepStrictEqual(linesOf("docs/x.md", `ok\n${wide}\n- ${wide}\n${"x".repeat(lineWidthMax)}`), [2, 3]))
  it("is none in a table, a fenced block or a source", () => {
    assert.deepStrictEqual(linesOf("docs/x.md", `| ${wide} |\n\`\`\`\n${wide}\n\`\`\`\n`), [])
    assert.deepStrictEqual(linesOf("libs/x/src/X.ts", wide), [])
  })
  it("is found in the log of changes once a version has it", () =>
    assert.deepStrictEqual(
      linesOf("CHANGELOG.md", `## Unreleased\n\n- ${wide}\n\n## 0.1.0, 2026-11-24\n\n- ${wide}`),
      [7]
    ))
})
