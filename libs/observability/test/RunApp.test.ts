import { assert, describe, it } from "@effect/vitest"
import { freeTcpPort } from "@roost/testkit"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const fixture = fileURLToPath(new URL("fixtures/app.ts", import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the app; sends SIGTERM once it printed `until`. */
const run = async (env: Record<string, string>, until?: string): Promise<Ended> => {
  const child = spawn(process.execPath, [fixture], { env: { PATH: process.env["PATH"] ?? "", ...env } })
  let stdout = ""
  let stderr = ""
  let asked = false
  child.stdout.on("data", (chunk) => {
    stdout += chunk
    if (asked || until === undefined || !stdout.includes(until)) return
    // Once: a second signal, sent while it shuts down, would end it at once.
    asked = true
    child.kill("SIGTERM")
  })
  child.stderr.on("data", (chunk) => (stderr += chunk))
  const [code] = await once(child, "close")
  return { code, stdout, stderr }
}

describe("an app", () => {
  it("names the variable that is missing and the one that is wrong, without its value, and exits with 1", async () => {
    const ended = await run({ ROOST_CLUSTER_KEY: "my-secret", ROOST_EDGE_PORT: "70000" })
    assert.strictEqual(ended.code, 1)
    assert.match(
      ended.stderr,
      /^configuration: (ROOST_CLUSTER_KEY: expected 64 hexadecimal digits|ROOST_EDGE_PORT: Expected a value between 1 and 65535)$/m
    )
    assert.notInclude(ended.stderr + ended.stdout, "my-secret")
    const missing = await run({ ROOST_CLUSTER_KEY: "a".repeat(64) })
    assert.strictEqual(missing.stderr, "configuration: ROOST_EDGE_PORT: Expected string; it is not set\n")
    assert.strictEqual(missing.code, 1)
  })

  it("logs JSON lines and, on SIGTERM, releases its layers and exits with 0", async () => {
    const ended = await run(
      { ROOST_CLUSTER_KEY: "a".repeat(64), ROOST_EDGE_PORT: String(await Effect.runPromise(freeTcpPort)) },
      "started"
    )
    const lines = ended.stdout.trim().split("\n")
    const messages = new Set(lines.map((line) => JSON.parse(line).message))
    assert.deepStrictEqual([messages.has("started"), messages.has("released")], [true, true])
    assert.strictEqual(ended.code, 0)
  })
})
