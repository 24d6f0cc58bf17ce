import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { RoostProcesses, runProgram } from "@roost/testkit"
import { Schema } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Report } from "../src/Report.ts"

// The program itself against the four apps.

let roost: RoostProcesses
const directory = mkdtempSync(join(tmpdir(), "loadtest-"))
beforeAll(async () => {
  roost = await RoostProcesses.start()
})
afterAll(async () => {
  await roost?.[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

const main = resolve(import.meta.dirname, "../src/main.ts")
const decodeReport = Schema.decodeUnknownSync(Schema.fromJsonString(Report))

/** `args` as on a command line, no quoting. */
const loadtest = async (args: string) => {
  const json = join(directory, "report.json")
  const html = join(directory, "report.html")
  const server = `127.0.0.1:${roost.udpPort}`
  const { exit, output } = await runProgram({
    command: process.execPath,
    args: [main, "--server", server, "--json", json, "--html", html, "--warmup", "0", ...args.split(" ")],
    env: { PATH: process.env["PATH"], ROOST_API_TOKEN: roost.token }
  })
  const report = () => decodeReport(readFileSync(json, "utf8"))
  return { exitCode: exit.code, output, report, page: () => readFileSync(html, "utf8") }
}
const registered = () => `--registry ${roost.registryUrl} --devices 40`

describe("loadtest against Roost", () => {
  it("registers its devices, counts what it did, writes JSON and a page, and accounts for the processes", async () => {
    const pids = roost.pids.map(([name, pid]) => `--server-pid ${name}=${pid}`).join(" ")
    const { exitCode, output, page, report } = await loadtest(
      `${registered()} ${pids} --duration 2 --reconnect resume --reconnect-rounds 1 --storm 20 --storm-kind resume --max-errors 0`
    )
    assert.strictEqual(exitCode, 0, output)
    const { cpuMicrosPerRequest, phases, servers, timeline, totals } = report()
    assert.deepStrictEqual(
      phases.map(({ name }) => name),
      ["connect", "steady", "drain", "reconnect", "storm"]
    )
    const [connect, steady, , reconnect, storm] = phases
    assert.strictEqual(connect?.fullHandshakes, 40)
    assert.strictEqual(reconnect?.resumedHandshakes, 40)
    assert.strictEqual(storm?.responses, 20)
    // Each uplink follows right behind the Finished of a resumption: while the session is stored, it has to wait. Were it dropped, each would come again.
    assert.isBelow(storm?.retransmissions ?? 20, 20)
    assert.isAbove(steady?.responses ?? 0, 0)
    assert.strictEqual(totals.responses, totals.requests)
    assert.strictEqual(
      totals.responses,
      phases.reduce((sum, { responses }) => sum + responses, 0)
    )
    assert.strictEqual(
      report().latencyDistribution.reduce((sum, { count }) => sum + count, 0),
      steady?.responses
    )
    assert.isAtLeast(timeline.length, 2)
    assert.strictEqual(servers.length, 4)
    assert.isAbove(cpuMicrosPerRequest ?? 0, 1)
    assert.match(output, /steady .* responses/)
    assert.match(page(), /^<!doctype html>/)
    assert.include(page(), "uPlot")
    assert.notMatch(page(), /<(?:script|link|img)[^>]+(?:src|href)=/, "the page needs nothing beside it")
    const inlined = /<script id="report" type="application\/json">(.*?)<\/script>/s.exec(page())?.[1] ?? ""
    assert.deepStrictEqual(decodeReport(inlined), report())
  })

  it("ends with 1 where a limit was not kept, and names it", async () => {
    const { exitCode, output, report } = await loadtest(`${registered()} --duration 1 --max-p99 0.001`)
    assert.strictEqual(exitCode, 1)
    assert.include(output, "LIMIT NOT KEPT: p99")
    assert.isFalse(report().limits.kept)
  })

  it("plays the devices of a provisioning file, from two processes, in an open loop of NONs over CBC", async () => {
    const secrets = Array.from({ length: 20 }, (_, i) => ({
      deviceKey: `listed-${i}`,
      deviceSecret: `the-secret-of-device-${i}`
    }))
    const lines = secrets.map((device) => JSON.stringify(device)).join("\n")
    await roost.registry("POST", "/v1/products", { productName: "Listed", productKey: "listed" })
    const imported = await roost.registry("POST", "/v1/products/listed/devices:import", lines)
    assert.strictEqual(imported.status, 200)
    const file = join(directory, "devices.ndjson")
    writeFileSync(file, lines)
    const { exitCode, output, report } = await loadtest(
      `--device-file ${file} --product listed --devices 20 --processes 2 --max-errors 0 --suite cbc --non --rate 200 --duration 2`
    )
    assert.strictEqual(exitCode, 0, output)
    const steady = report().phases.find(({ name }) => name === "steady")
    // Never more than was asked for; how much less is the machine's, and RateSchedule.test.ts has the schedule.
    assert.isAbove(steady?.requests ?? 0, 0)
    assert.isAtMost(steady?.requestsPerSecond ?? 0, 220)
    assert.strictEqual(report().totals.responses, report().totals.requests)
  })

  it("shares four sockets between forty devices by connection ids, which survive a rebinding", async () => {
    const { exitCode, output, report } = await loadtest(
      `${registered()} --cid --sockets 4 --rebind 10 --churn 5 --duration 2 --max-errors 0`
    )
    assert.strictEqual(exitCode, 0, output)
    assert.isAbove(report().totals.rebindings, 10)
    assert.isAbove(report().totals.fullHandshakes, 45)
  })

  it("fetches commands and replies to them", async () => {
    const { exitCode, output, report } = await loadtest(
      `${registered()} --downlink ${roost.downlinkUrls[0]} --commands 0.5 --commands-every 0 --think 0.2 --duration 3 --max-errors 0`
    )
    assert.strictEqual(exitCode, 0, output)
    assert.include(output, "commands issued  20, refused 0")
    assert.strictEqual(report().totals.commandsFetched, 20)
    assert.strictEqual(report().totals.commandsReplied, 20)
  })

  it("counts handshakes that a wrong key keeps from ending, and ends with 2 where it has no keys", async () => {
    const wrong = await loadtest(
      "--product loadtest --secret wrong-%d --devices 3 --duration 0 --handshake-timeout 2 --max-errors 0"
    )
    assert.strictEqual(wrong.exitCode, 1, wrong.output)
    assert.deepStrictEqual(wrong.report().totals.errorsByKind, { handshakeTimeout: 3 })
    const none = await loadtest("--devices 3")
    assert.strictEqual(none.exitCode, 2)
    assert.include(none.output, "--device-file")
  })
})
