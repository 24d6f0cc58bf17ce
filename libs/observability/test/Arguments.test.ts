import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, it } from "vitest"
import { answerTo } from "../src/Arguments.ts"

const fixture = fileURLToPath(new URL("./fixtures/app.ts", import.meta.url))
const ask = (argument: string) => spawnSync(process.execPath, [fixture, argument], { encoding: "utf8" })

it("an app says its version, and what it takes, without any configuration (trust item 6)", () => {
  const version = ask("--version")
  assert.strictEqual(version.status, 0)
  assert.match(version.stdout, /^fixture of roost \d+\.\d+\.\d+, Node v\d+/)
  const help = ask("--help")
  assert.strictEqual(help.status, 0)
  assert.include(help.stdout, "environment variables")
  const unknown = ask("--port=1")
  assert.containSubset(unknown, { status: 2, stdout: "" })
  assert.match(unknown.stderr, /^--port=1: .*\n$/)
})

it.each([["--versions"], ["-v"], ["start"], ["--help=no"], ["--help", "--port", "1"], ["--version", "x"], [""]])(
  "an argument that it does not know starts nothing: %s (trust item 6)",
  (...given) => {
    assert.containSubset(answerTo(given, { name: "x", does: "y", settings: [] }), { exitCode: 2 })
  }
)
