import { assert, describe, it } from "vitest"
import { EndedCommands } from "../src/service/EndedCommands.ts"

describe("a command that ended", () => {
  it("is not brought back by a snapshot that is older", () => {
    const commands = new EndedCommands()
    commands.ended("c1", 7)
    commands.ended("c2", 0)
    assert.isFalse(commands.isNewer("c1", 6))
    assert.isTrue(commands.isNewer("c1", 8))
    assert.isFalse(commands.isNewer("c2", 1_000))
  })

  it("is loaded again once the bucket went back to before its end", () => {
    const commands = new EndedCommands()
    commands.ended("c1", 7)
    commands.pending("c1")
    assert.isTrue(commands.isNewer("c1", 5))
  })
})
