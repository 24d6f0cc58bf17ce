import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { assert, describe, it, type TestContext } from "vitest"

// An example that can't be served says one line, with the address that it tried.

const folder = join(import.meta.dirname, "..")
const python = join(folder, "python/target/venv/bin/python")
const examples: ReadonlyArray<readonly [name: string, probe: string, command: string, ...args: ReadonlyArray<string>]> =
  [
    ["TypeScript", "true", process.execPath, join(folder, "typescript/uplinks.ts")],
    ["Python", `${python} -c 'import nats'`, python, join(folder, "python/uplinks.py")],
    ["nats", "nats --version", join(folder, "nats-cli/uplinks.sh")]
  ]

const env = { HOME: process.env["HOME"], PATH: `${join(folder, "nats-cli/target")}:${process.env["PATH"]}` }
const leaveOutIfAbsent = (probe: string, context: TestContext) =>
  context.skip(spawnSync("sh", ["-c", probe], { env }).status !== 0, "npx nx prepare examples says why it is not here")

/** Nobody listens there. */
const nowhere = "nats://127.0.0.1:9"

for (const [name, probe, command, ...args] of examples) {
  describe(`the example in ${name}`, () => {
    const run = (more: ReadonlyArray<string>, variables: Readonly<Record<string, string>> = {}) =>
      spawnSync(command, [...args, ...more], { env: { ...env, ...variables }, encoding: "utf8", timeout: 60_000 })

    it("says with --help what it takes and which variables it reads", (context) => {
      leaveOutIfAbsent(probe, context)
      const { status, stdout } = run(["--help"])
      assert.strictEqual(status, 0)
      for (const word of ["--group", "--product", "--device", "--kind", "NATS_URL", "NATS_USER"]) {
        assert.include(stdout, word)
      }
    })

    it("names the address at which nobody answers, in one line", (context) => {
      leaveOutIfAbsent(probe, context)
      for (const url of [nowhere, "nats://nowhere.invalid:4222"]) {
        const { status, stderr, stdout } = run([], { NATS_URL: url })
        assert.strictEqual(status, 1)
        assert.include(stderr, url)
        assert.lengthOf(`${stdout}${stderr}`.trim().split("\n"), 1, `${stdout}${stderr}`)
      }
    })

    it("refuses an option that it does not know, without a stack", (context) => {
      leaveOutIfAbsent(probe, context)
      const { status, stderr } = run(["--halp"])
      assert.notStrictEqual(status, 0)
      assert.include(stderr, "--halp")
      assert.notMatch(stderr, /^ +at /m)
      assert.notInclude(stderr, "Traceback")
    })
  })
}
