import { type AppForm, appFile, type AppName, eventually, RoostProcesses, runProgram } from "@roost/testkit"
import { readFileSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createProduct } from "../src/Fixtures.ts"

// Operators run the product of `nx build`: the same answers as from source. `.ci/run` runs Contract and RawProducts on bundles too.

const apps: ReadonlyArray<AppName> = ["registry", "downlink-queue", "session-actors", "udp-edge", "sinks"]
const forms: ReadonlyArray<AppForm> = ["source", "bundle"]

const { NODE_COMPILE_CACHE = "" } = process.env

const ask = async (app: AppName, form: AppForm, argument: string) => {
  const { exit, stderr, stdout } = await runProgram({
    command: process.execPath,
    args: [appFile(app, form), argument],
    env: { NODE_COMPILE_CACHE }
  })
  return { code: exit.code, stderr, stdout }
}

describe.each(forms)("every app, as %s,", (form) => {
  it.each(apps)("says its version and its help, and refuses other arguments: %s (trust item 6)", async (app) => {
    const [version, help, other] = await Promise.all(
      ["--version", "--help", "--hlep"].map((argument) => ask(app, form, argument))
    )
    assert.deepInclude(version, { code: 0, stderr: "" })
    assert.match(version!.stdout, new RegExp(`^${app} of roost \\d+\\.\\d+\\.\\d+, Node v\\d+\\.\\d+\\.\\d+\\n$`))
    assert.deepInclude(help, { code: 0, stderr: "" })
    assert.include(help!.stdout, "--version")
    assert.deepInclude(other, { code: 2, stdout: "" })
    assert.match(other!.stderr, /^--hlep: expected [^\n]*\n$/)
  })
})

describe.each(forms)("a Roost, as %s,", (form) => {
  let roost: RoostProcesses
  beforeAll(async () => {
    roost = await RoostProcesses.start({ form })
  })
  afterAll(() => roost?.[Symbol.asyncDispose]())

  it("converts by scripts of raw products, whose workers are started once, where there is work (trust item 6)", async () => {
    const source = readFileSync(new URL("../../../examples/raw-script/meter.js", import.meta.url), "utf8")
    await createProduct(roost, "pkForm", { dataFormat: "Custom" })
    await roost.registry("PUT", "/v1/products/pkForm/script", { source })
    const message = { id: 20, code: 200, data: "" }
    const down = await roost.registry("POST", "/v1/products/pkForm/script:test", { message })
    assert.deepStrictEqual(down.body, { raw: "0000001400c8" })
    for (const { app, port } of roost.apps) {
      const starts = /^roost_script_worker_starts_total (\d+)$/m.exec(await metricsAt(port))?.[1] ?? "0"
      assert.strictEqual(Number(starts), app === "registry" ? 1 : 0, app)
    }
  })

  it("tells what runs, in metrics (trust item 6)", async () => {
    for (const { app, port } of roost.apps) {
      assert.match(await metricsAt(port), /^roost_build_info\{version="\d[^"]*",node="v\d[^"]*"\} 1$/m, app)
    }
  })

  it("fulfils no alert on what is 0 while nothing is wrong, and has from the start what alerts want to see grow", async () => {
    const rules = readFileSync(new URL("../../../deploy/prometheus/roost.rules.yaml", import.meta.url), "utf8")
    const zeros = [...rules.matchAll(/expr: (roost_\w+) == 0$/gm)].map(([, name]) => name!)
    const grown = [...rules.matchAll(/\b(?:increase|rate)\((roost_\w+?)(?:_bucket|_count)?\[/g)].map(
      ([, name]) => name!
    )
    assert.isAbove(Math.min(zeros.length, grown.length), 2)
    const texts = () => Promise.all(roost.apps.map(({ port }) => metricsAt(port)))
    const isZero = (name: string) => (text: string) => new RegExp(`^${name}(?:\\{.*\\})? 0$`, "m").test(text)
    // A machine without time for it may lose a lease. An app that has nothing to do with what is asked for would show 0 for ever.
    await eventually(texts, (all) => !zeros.some((name) => all.some(isZero(name))))
    const found = await texts()
    // A series whose first value is 1 has not increased, for Prometheus.
    for (const name of [...zeros, ...grown]) {
      assert.isTrue(
        found.some((text) => new RegExp(`^# TYPE ${name} `, "m").test(text)),
        name
      )
    }
  })
})

const metricsAt = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
