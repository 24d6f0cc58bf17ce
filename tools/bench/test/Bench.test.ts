import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
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
      expect(status, stderr).toBe(0)
      const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report
      expect(report.notes).toEqual([])
      const valuesOf = (server: string) =>
        Object.fromEntries(
          report.figures
            .filter((figure) => figure.server === server && figure.process === undefined)
            .map(({ quantity, values }) => [quantity, values[0]])
        )
      const traffic = ["uplinkRate", "uplinkCpu", "loadBusy", "othersBusy", "halfCpu", "p50", "p99", "p999"]
      const handshakes = ["handshakeRate", "handshakeCpu", "resumptionRate", "resumptionCpu"]
      expect(Object.keys(valuesOf("roost"))).toEqual([...handshakes, ...traffic, "floorP99"])
      expect(Object.keys(valuesOf("floor"))).toEqual(traffic)
      for (const [quantity, value] of [...Object.entries(valuesOf("roost")), ...Object.entries(valuesOf("floor"))]) {
        // On a quiet machine nothing else runs. 20 handshakes may take less than a tick of the accounting (10 ms), and so may the
        // echo at half the rate that Roost has in a second beside all the other tests.
        const least = ["handshakeCpu", "resumptionCpu", "halfCpu", "othersBusy"].includes(quantity)
          ? 0
          : Number.MIN_VALUE
        expect(value, quantity).toBeGreaterThanOrEqual(least)
      }
      expect(readFileSync(join(out, "report.md"), "utf8")).toContain("CPU per uplink, µs (CCM_8, 20 devices)")
      expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<h2>Side by side</h2>")
    } finally {
      rmSync(out, { recursive: true, force: true })
    }
  })
})
