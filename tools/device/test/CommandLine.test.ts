import { Program } from "@roost/testkit/program"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { assert, it, onTestFinished } from "vitest"

const main = resolve(import.meta.dirname, "../src/main.ts")
const who = ["--product-key", "pk", "--device-key", "dk"]

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs the command; `stop` is called with what it printed so far and may end it by SIGINT. */
const run = async (
  args: ReadonlyArray<string>,
  stop: (output: string) => boolean = () => false,
  env: Readonly<Record<string, string>> = {}
): Promise<Ended> => {
  let stopped = false
  const program: Program = new Program({
    command: process.execPath,
    args: [main, ...args],
    env: { ...process.env, ...env },
    onOutput: () => {
      // Once: a second one would end it at once, as on a terminal.
      if (stopped || !stop(program.stdout)) return
      stopped = true
      program.signal("SIGINT")
    }
  })
  onTestFinished(() => program.signal("SIGKILL"))
  const { code } = await program.exited
  return { code, output: program.stdout, errors: program.stderr }
}

it("--help names every flag, the defaults and the exit codes", async () => {
  const { code, output } = await run(["--help"])
  assert.strictEqual(code, 0)
  for (const flag of ["server", "product-secret", "state", "lifetime", "raw", "answer", "suite", "no-cid", "quiet"]) {
    assert.include(output, `--${flag}`)
  }
  for (const value of ["127.0.0.1, and ROOST_UDP_PORT or 5684", "default: 300", "default: 10", "default: 0"]) {
    assert.include(output, value)
  }
  assert.match(
    output,
    /Exit code: 0 every report was accepted.*has to be registered|has to be registered.*Exit code: 0/s
  )
})

it("what can't be used is one line of what and one of what next, exit 1", async () => {
  const { code, errors } = await run(who)
  assert.strictEqual(code, 1)
  assert.match(errors, /no secret\n.*--device-secret/)
  assert.lengthOf(errors.trimEnd().split("\n"), 2)
})

it("a state file of another device is not overwritten", async () => {
  const directory = mkdtempSync(join(tmpdir(), "device-cli-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, "state.json")
  const state = { productKey: "pk", deviceKey: "other", assetId: "a", deviceSecret: "s" }
  writeFileSync(path, JSON.stringify(state))
  const { code, errors } = await run([...who, "--state", path, "--product-secret", "x"])
  assert.strictEqual(code, 1)
  assert.include(errors, "it is of pk,other")
})

it("shows identity and hello, and ends by SIGINT without a trace of the secret", async () => {
  const silent = createSocket("udp4").bind(0, "127.0.0.1")
  await once(silent, "listening")
  onTestFinished(() => void silent.close())
  const args = [...who, "--server", `127.0.0.1:${silent.address().port}`, "--device-secret", "s3cret", "--suite", "cbc"]
  const { code, errors, output } = await run(args, (text) => text.includes("extensions:"))
  assert.strictEqual(code, 130)
  assert.include(output, "● handshake as pk,dk,2,300")
  assert.include(output, "offers TLS_PSK_WITH_AES_128_CBC_SHA256\n")
  assert.notInclude(output + errors, "s3cret")
})

/** A port on which nobody answers; `close` makes it one on which nobody listens. */
const silentPort = async () => {
  const silent = createSocket("udp4").bind(0, "127.0.0.1")
  await once(silent, "listening")
  onTestFinished(() => void silent.close())
  return silent.address().port
}

it("tells the address that it tries and where its port comes from, and with --quiet that nobody answers", async () => {
  const port = await silentPort()
  const args = [...who, "--device-secret", "s3cret", "--quiet"]
  const { code, output } = await run(args, (text) => text.includes("no answer"), { ROOST_UDP_PORT: String(port) })
  assert.strictEqual(code, 130)
  assert.include(output, `● server 127.0.0.1:${port} (no --server: this machine, and the port is ROOST_UDP_PORT's)`)
  assert.include(output, `no answer from 127.0.0.1:${port} yet`)
})
