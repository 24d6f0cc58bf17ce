import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { answerTo } from "../src/Arguments.ts"

const fixture = fileURLToPath(new URL("./fixtures/app.ts", import.meta.url))
const ask = (argument: string) => spawnSync(process.execPath, [fixture, argument], { encoding: "utf8" })

it("an app says its version, and what it takes, without any configuration (trust item 6)", () => {
  expect(ask("--version")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^fixture of roost \d+\.\d+\.\d+, Node v\d+/)
  })
  expect(ask("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("environment variables") })
  expect(ask("--port=1")).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/^--port=1: .*\n$/) })
})

it.each([["--versions"], ["-v"], ["start"], ["--help=no"], ["--help", "--port", "1"], ["--version", "x"], [""]])(
  "an argument that it does not know starts nothing: %s (trust item 6)",
  (...given) => {
    expect(answerTo(given, { name: "x", does: "y", settings: [] })).toMatchObject({ exitCode: 2 })
  }
)
