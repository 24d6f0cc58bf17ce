import { errorKinds, Meter } from "@roost/load"
import { runProgram } from "@roost/testkit"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { adviceOf } from "../src/view/Advice.ts"

const main = resolve(import.meta.dirname, "../src/main.ts")

const loadtest = async (...args: ReadonlyArray<string>) => {
  const { exit, output } = await runProgram({ command: process.execPath, args: [main, ...args] })
  return { exitCode: exit.code, output }
}

describe("a run that could not be made exits with 2 and says why", () => {
  let silent: Socket
  beforeAll(async () => {
    silent = createSocket("udp4")
    silent.bind(0, "127.0.0.1")
    await once(silent, "listening")
  })
  afterAll(() => silent.close())

  it("when no device came online: it ends after `connect` and says what to look at", async () => {
    const flags = "--devices 3 --secret made-up --quiet --handshake-timeout 0.3 --duration 3600 --max-errors 99"
    const server = `127.0.0.1:${silent.address().port}`
    const { exitCode, output } = await loadtest("--server", server, ...flags.split(" "))
    assert.strictEqual(exitCode, 2, output)
    assert.include(output, "handshakeTimeout: the server did not finish handshakes in time.")
    assert.include(output, "no device came online")
  })

  it.each([
    [["--duration", "x"], "--duration"],
    [["--devices", "0", "--secret", "x"], "--devices"],
    [["--loss", "2", "--secret", "x"], "--loss"],
    [["--server", "nowhere", "--secret", "x"], "--server nowhere: expected host:port"],
    [["--server", "nowhere.invalid:1", "--secret", "x"], "--server nowhere.invalid:1: there is no address"],
    [["--secret", "x", "--server-pid", "edge=4194304"], "--server-pid edge=4194304: there is no such process"],
    [["--secret", "x", "--commands", "0.5"], "--commands needs --downlink"],
    [["--secret", "x", "--html", "/nowhere/report.html"], "--html /nowhere/report.html: ENOENT"],
    [["--registry", "127.0.0.1", "--token", "x"], "--registry 127.0.0.1: expected a URL"],
    [["--registry", "http://127.0.0.1:1", "--token", "x"], "the registry at http://127.0.0.1:1 can't be reached"],
    [["--device-file", "/nowhere"], "--device-file /nowhere: there is no such file"],
    [[], "Give --registry, --device-file or --secret"]
  ])("%j", async (args, complaint) => {
    const { exitCode, output } = await loadtest(...args)
    assert.strictEqual(exitCode, 2, output)
    assert.include(output, complaint)
  })
})

it("says of every kind of error whose doing it is", () => {
  const meter = new Meter()
  for (const kind of errorKinds) meter.errors[kind] = 1
  const targets = [{ host: "192.0.2.1", port: 5684 }]
  const config = { targets, expect: "2.04", verifyPayload: "id", suite: "ccm8" } as const
  const advice = adviceOf({ config, totals: meter.counts })
  assert.deepStrictEqual(
    advice.map((text) => text.split(":", 1)[0]),
    [...errorKinds]
  )
  for (const text of advice) assert.match(text, /: (the server|this machine)/)
})
