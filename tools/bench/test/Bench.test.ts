import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { assert, describe, it } from "vitest"
import type { Report } from "../src/report/Report.ts"

const root = resolve(import.meta.dirname, "../../..")

describe.runIf(process.env["ROOST_INTEGRATION"] === "1")("npm run bench", () => {
  it("measures Roost and the floor in a quick run, with every value of traffic above nothing", () => {
    const out = mkdtempSync(join(tmpdir(), "roost-bench-"))
    try {
      const { status, stderr } = spawnSync(
        process.execPath,
        ["tools/bench/src/main.ts", "--quick", "--devices", "20", "--out", out],
        { cwd: root, encoding: "utf8" }
      )
      assert.strictEqual(status, 0, stderr)
      const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report
      assert.deepStrictEqual(report.notes, [])
      const valuesOf = (server: string) =>
        Object.fromEntries(
          report.figures
            .filter((figure) => figure.server === server && figure.process === undefined)
            .map(({ quantity, values }) => [quantity, values[0]])
        )
      const traffic = ["uplinkRate", "uplinkCpu", "loadBusy", "othersBusy", "halfCpu", "p50", "p99", "p999"]
      const handshakes = ["handshakeRate", "handshakeCpu", "resumptionRate", "resumptionCpu"]
      assert.deepStrictEqual(Object.keys(valuesOf("roost")), [...handshakes, ...traffic, "floorP99"])
      assert.deepStrictEqual(Object.keys(valuesOf("floor")), traffic)
      for (const [quantity, value] of [...Object.entries(valuesOf("roost")), ...Object.entries(valuesOf("floor"))]) {
        // On a quiet machine nothing else runs. 20 handshakes may take less than a tick of the accounting (10 ms). So may the
        // echo at half the rate that Roost has in a second beside all the other tests.
        const least = ["handshakeCpu", "resumptionCpu", "halfCpu", "othersBusy"].includes(quantity)
          ? 0
          : Number.MIN_VALUE
        assert.isAtLeast(value!, least, quantity)
      }
      assert.include(readFileSync(join(out, "report.md"), "utf8"), "CPU per uplink, µs (CCM_8, 20 devices)")
      assert.include(readFileSync(join(out, "report.html"), "utf8"), "<h2>Side by side</h2>")
    } finally {
      rmSync(out, { recursive: true, force: true })
    }
  })
})
