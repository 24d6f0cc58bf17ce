import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { tmpdir } from "node:os"
import { holds, Shell } from "../src/Shell.ts"

const millisMax = 20_000

describe("a shell", () => {
  let shell: Shell
  beforeEach(() => void (shell = new Shell({ cwd: tmpdir(), env: process.env })))
  afterEach(() => shell[Symbol.asyncDispose]())

  it("keeps variables and functions from one text to the next", async () => {
    await shell.paste('X="a b"\nf() { echo "<$X>"; }\n', millisMax)
    assert.isFalse(shell.ended)
    assert.deepStrictEqual(await shell.paste("f\n", millisMax), { failed: [], output: "<a b>\n", outcome: "ended" })
  })

  it("tells which command failed and where, and goes on", async () => {
    const { failed, output } = await shell.paste("echo one\n\nls /nowhere >/dev/null 2>&1\necho two\n", millisMax)
    assert.deepStrictEqual(failed, [{ line: 3, command: "ls /nowhere > /dev/null 2>&1", exit: 2 }])
    assert.strictEqual(output, "one\ntwo\n")
  })

  it("tells of a last command, and of a text that bash can't read", async () => {
    assert.deepStrictEqual((await shell.paste("true\nfalse\n", millisMax)).failed, [
      { line: 2, command: "false", exit: 1 }
    ])
    const { failed, output } = await shell.paste("if then\n", millisMax)
    assert.lengthOf(failed, 1)
    assert.include(output, "syntax error")
  })

  it("ends at a variable that no text has set", async () => {
    const { outcome, output } = await shell.paste('echo "$ROOST_NOT_SET"\n', millisMax)
    assert.strictEqual(outcome, "left")
    assert.include(output, "ROOST_NOT_SET: unbound variable")
  })

  it("does not wait for ever", async () => {
    assert.strictEqual((await shell.paste("read -r x </dev/tty || sleep 600\n", 200)).outcome, "late")
    assert.isTrue(shell.ended, "and takes nothing more")
  })

  it("has commands that go on until they are ended", async () => {
    await shell.paste("X=there\n", millisMax)
    const running = await shell.start('trap "echo bye; exit" INT; echo "$X"; while true; do sleep 0.05; done\n')
    assert.isTrue(await holds(() => running.output().includes("there"), millisMax))
    await running.stop()
    assert.include(running.output(), "bye")
    assert.strictEqual((await shell.paste("echo on\n", millisMax)).output, "on\n")
  })

  it("takes an HTTP error for a failure", async () => {
    const { failed } = await shell.paste("curl http://127.0.0.1:9/\n", millisMax)
    assert.lengthOf(failed, 1)
  })
})
