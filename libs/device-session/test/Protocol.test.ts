import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = new URL("../../../", import.meta.url)
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, root)), "utf8")

/** The last cell of a row: a file, and what stands in it. */
const reference = /\| `([^`]+\/test\/[^`]+\.ts)`: `([^`]+)`\s*\|$/

/** Rows whose test is not there; a row without a test is one of them. */
const unproven = (page: string): ReadonlyArray<string> =>
  page.split("\n").filter((line) => {
    if (!line.startsWith("| ") || /^\| -|\| test +\|$/.test(line)) return false
    const found = reference.exec(line)
    return found === null || !read(found[1]!).includes(found[2]!)
  })

describe("docs/protocol.md", () => {
  it("names for every row a test that exists", () => {
    const page = read("docs/protocol.md")
    assert.isAbove(page.split("\n").filter((line) => reference.test(line)).length, 30)
    assert.deepStrictEqual(unproven(page), [])
  })

  it("a row without a test, or with one that is not there, is found", () => {
    const file = "libs/enos/test/Topic.test.ts"
    assert.lengthOf(unproven("| a topic | checked |"), 1)
    assert.lengthOf(unproven(`| a topic | \`${file}\`: \`no such ${"test"} at all\` |`), 1)
    assert.lengthOf(unproven(`| a topic | \`${file}\`: \`describe\` |`), 0)
  })
})
