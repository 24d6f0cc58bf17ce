import { assert, it } from "@effect/vitest"
import { answerFirst } from "../src/index.ts"

it("a tool answers --help and --version, refuses a flag that it does not take, and runs otherwise", () => {
  const tool = { name: "tool", usage: "tool [--list]", flags: ["--list"] }
  assert.strictEqual(answerFirst(tool, ["--help"]), 0)
  assert.strictEqual(answerFirst(tool, ["--list", "--version"]), 0)
  assert.strictEqual(answerFirst(tool, ["--lits"]), 2)
  assert.isUndefined(answerFirst(tool, ["--list", "word"]))
  assert.isUndefined(answerFirst({ name: "tool", usage: "" }, ["--lits"]))
})
