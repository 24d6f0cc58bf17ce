import { spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { expect, it, onTestFinished } from "vitest"

const main = resolve(import.meta.dirname, "../src/main.ts")
const who = ["--product-key", "pk", "--device-key", "dk"]

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs the command; `stop` is called with what it printed so far and may end it by SIGINT. */
const run = async (args: ReadonlyArray<string>, stop: (output: string) => boolean = () => false): Promise<Ended> => {
  const child = spawn(process.execPath, [main, ...args])
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  let errors = ""
  let stopped = false
  child.stdout.on("data", (chunk: Buffer) => {
    output += String(chunk)
    // Once: a second one would end it at once, as on a terminal.
    if (!stopped && stop(output)) stopped = child.kill("SIGINT")
  })
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)))
  const [code] = (await once(child, "close")) as [number | null]
  return { code, output, errors }
}

it("--help names every flag", async () => {
  const { code, output } = await run(["--help"])
  expect(code).toBe(0)
  for (const flag of ["server", "product-secret", "state", "lifetime", "raw", "answer", "suite", "no-cid", "quiet"]) {
    expect(output).toContain(`--${flag}`)
  }
})

it.each<[string, ReadonlyArray<string>, RegExp]>([
  ["no secret", [], /no secret\n.*--device-secret/],
  ["a server that is none", ["--server", "a:b:c", "--device-secret", "x"], /--server a:b:c is not host:port/],
  ["a port that is none", ["--server", "h:70000", "--device-secret", "x"], /is not host:port/],
  ["a lifetime out of 30–86400", ["--lifetime", "29", "--device-secret", "x"], /wrong lifetime: expected 30–86400/],
  ["points that are no object", ["--payload", "[1]", "--device-secret", "x"], /--payload is no JSON object/],
  ["raw bytes that are none", ["--raw", "0x0", "--device-secret", "x"], /--raw is no hexadecimal/]
])("%s: one line of what and one of what next, exit 1", async (_, args, expected) => {
  const { code, errors } = await run([...who, ...args])
  expect(code).toBe(1)
  expect(errors).toMatch(expected)
  expect(errors.trimEnd().split("\n")).toHaveLength(2)
})

it("a state file of another device is not overwritten", async () => {
  const directory = mkdtempSync(join(tmpdir(), "device-cli-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, "state.json")
  const state = { productKey: "pk", deviceKey: "other", assetId: "a", deviceSecret: "s" }
  writeFileSync(path, JSON.stringify(state))
  const { code, errors } = await run([...who, "--state", path, "--product-secret", "x"])
  expect(code).toBe(1)
  expect(errors).toContain("it is of pk,other")
})

it("shows identity and hello, and ends by SIGINT without a trace of the secret", async () => {
  const silent = createSocket("udp4").bind(0, "127.0.0.1")
  await once(silent, "listening")
  onTestFinished(() => void silent.close())
  const args = [...who, "--server", `127.0.0.1:${silent.address().port}`, "--device-secret", "s3cret", "--suite", "cbc"]
  const { code, errors, output } = await run(args, (text) => text.includes("extensions:"))
  expect(code).toBe(130)
  expect(output).toContain("● handshake as pk,dk,2,300")
  expect(output).toContain("offers TLS_PSK_WITH_AES_128_CBC_SHA256\n")
  expect(output + errors).not.toContain("s3cret")
})
