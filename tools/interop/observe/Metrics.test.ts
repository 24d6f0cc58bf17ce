import { Device } from "@roost/device"
import { RoostProcesses } from "@roost/testkit"
import { execFileSync, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct } from "../src/Fixtures.ts"

// Five processes: what they answer at /metrics, and what the documents, alerts and dashboards say that they do.

const root = resolve(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start({
    sinks: 1,
    env: { ROOST_TRACE_SAMPLING: "1", ROOST_OTLP_ENDPOINT: "http://127.0.0.1:9" }
  })
  await createProduct(roost, "pkMetrics", {})
  const { deviceSecret } = await createDevice(roost, "pkMetrics", "meter")
  const device = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey: "pkMetrics", deviceKey: "meter" })
  await device.connect(deviceSecret)
  await device.report({ temp: 1 })
  await device.close()
  await roost.downlink("GET", "/v1/products/pkMetrics/devices/meter/commands")
})
afterAll(() => roost?.[Symbol.asyncDispose]())

const scrape = async (accept: string) =>
  Promise.all(
    roost.apps.map(async ({ name, port }) => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })
      return { name, type: response.headers.get("content-type")!, text: await response.text() }
    })
  )

const namesIn = (text: string) =>
  new Set(Array.from(text.matchAll(/\b(?:roost|nodejs|process)_[a-z0-9_]+/g), ([name]) => name))

/** Each has a label whose values are known when there is one: a sink, a refusal of the store, the outcome of an activation. */
const later: ReadonlySet<string> = new Set([
  "roost_nats_stream_refused_by_total",
  "roost_registry_activations_total",
  "roost_sink_dead_total",
  "roost_sink_events_total",
  "roost_sink_faults_total",
  "roost_sink_lag_seconds"
])

describe("/metrics", () => {
  it("is what Prometheus takes, without a complaint", async () => {
    const promtool = execFileSync(join(root, "tools/docs/src/promtool.sh"), { encoding: "utf8" }).trim()
    for (const { name, text } of await scrape("text/plain")) {
      const { status, stderr, stdout } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" })
      assert.strictEqual(status, 0, `${name}: ${stdout}${stderr}`)
    }
  })

  it("has every metric that docs/metrics.md, the alerts and the dashboards name, and no other", async () => {
    const answers = await scrape("text/plain")
    const live = new Set(
      answers.flatMap(({ text }) => Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name!))
    )
    const described = new Set(Array.from(read("docs/metrics.md").matchAll(/^\| `([a-z0-9_]+)`/gm), ([, name]) => name!))
    assert.deepStrictEqual(
      [...live].filter((name) => !described.has(name)),
      [],
      "not in docs/metrics.md"
    )
    assert.deepStrictEqual(
      [...described].filter((name) => !live.has(name) && !later.has(name)),
      [],
      "not in any answer"
    )
    const dashboards = readdirSync(join(root, "deploy/grafana")).map((file) => `deploy/grafana/${file}`)
    for (const file of ["deploy/prometheus/roost.rules.yaml", ...dashboards]) {
      const unknown = [...namesIn(read(file))].filter(
        (name) => !live.has(name) && !later.has(name) && !live.has(name.replace(/_(?:bucket|count|sum)$/, ""))
      )
      assert.deepStrictEqual(unknown, [], file)
    }
  })

  it("answers OpenMetrics to who accepts it, with the traces of requests as exemplars", async () => {
    const answers = await scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    for (const { name, text, type } of answers) {
      assert.match(type, /^application\/openmetrics-text; version=1\.0\.0/, name)
      assert.isTrue(text.endsWith("\n# EOF\n"), name)
    }
    const exemplar = / # \{trace_id="[0-9a-f]{32}"\} [0-9.e-]+ [0-9.]+$/m
    for (const [app, metric] of [
      ["udp-edge-1", "roost_uplink_seconds_bucket"],
      ["downlink-queue-1", "roost_http_request_seconds_bucket"]
    ] as const) {
      const lines = answers.find(({ name }) => name === app)!.text.split("\n")
      assert.isTrue(
        lines.some((line) => line.startsWith(metric) && exemplar.test(line)),
        `${app}: ${metric} has no exemplar`
      )
    }
    for (const { text } of await scrape("text/plain")) assert.notInclude(text, "trace_id")
  })
})
