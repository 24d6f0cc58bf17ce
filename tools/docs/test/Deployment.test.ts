import { assert, describe, it } from "vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../src/Clone.ts"
import { dashboardFiles, dashboardQueries } from "../src/Dashboards.ts"
import { metricsPage, readMetrics } from "../src/Metrics.ts"
import { variablesPage } from "../src/Variables.ts"

const deploy = join(root, "deploy")
/** Tables, one of them of a transaction alone, and what tokens of sessions begin with. */
const notMetrics = new Set(["roost_schema", "roost_points", "roost_batch", "roost_session_"])

/** The formatter aligns columns; the words are compared. */
const words = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---")

describe("what npm run docs -- --write makes of the code", () => {
  it("is docs/metrics.md", () => {
    assert.strictEqual(words(readFileSync(join(root, "docs/metrics.md"), "utf8")), words(metricsPage()))
  })

  it("is docs/variables.md", () => {
    assert.strictEqual(words(readFileSync(join(root, "docs/variables.md"), "utf8")), words(variablesPage()))
  }, 120_000)

  it("has every name of a metric in the code, each with a meaning and an app", () => {
    const named = execFileSync(
      "grep",
      [
        "-rhoE",
        '"roost_[a-z0-9_]+"',
        "apps",
        "libs",
        "--include=*.ts",
        "--exclude-dir=test",
        "--exclude-dir=benchmark",
        "--exclude-dir=node_modules",
        "--exclude-dir=dist"
      ],
      { cwd: root, encoding: "utf8" }
    )
    const metrics = readMetrics()
    assert.includeMembers(
      metrics.map(({ name }) => name),
      [...new Set(named.trim().replaceAll('"', "").split("\n"))].filter((name) => !notMetrics.has(name))
    )
    for (const { apps, help, name } of metrics) {
      assert.isNotEmpty(apps, name)
      assert.match(help, /\.$/, name)
    }
  })
})

describe("deploy/prometheus", () => {
  const folder = join(deploy, "prometheus")

  it("asks for metrics that are there", () => {
    const known = new Set(readMetrics().map(({ name }) => name))
    const rules = readFileSync(join(folder, "roost.rules.yaml"), "utf8")
    const asked = [...rules.matchAll(/\b(?:roost|nodejs|process)_[a-z0-9_]+/g)].map(([name]) =>
      name.replace(/_(?:bucket|count|sum)$/, "")
    )
    assert.isAbove(asked.length, 20)
    assert.deepStrictEqual(
      asked.filter((name) => !known.has(name)),
      []
    )
  })

  it("has rules that Prometheus takes, and that fire when they should", () => {
    const promtool = execFileSync(join(root, "tools/docs/src/promtool.sh"), { encoding: "utf8" }).trim()
    for (const args of [
      ["check", "rules", "roost.rules.yaml"],
      ["test", "rules", "roost.rules.test.yaml", "roost.slow.rules.test.yaml"]
    ]) {
      const { status, stderr, stdout } = spawnSync(promtool, args, { cwd: folder, encoding: "utf8" })
      assert.strictEqual(status, 0, `${stdout}${stderr}`)
    }
  }, 120_000)
})

describe("each alert", () => {
  const folder = join(deploy, "prometheus")
  const rules = readFileSync(join(folder, "roost.rules.yaml"), "utf8")
  const alerts = Array.from(
    rules.matchAll(/- alert: (\w+)([^]*?)(?=- alert:|$)/g),
    ([, name, text]) => [name!, text!] as const
  )
  const tests = ["roost.rules.test.yaml", "roost.slow.rules.test.yaml"].map((file) =>
    readFileSync(join(folder, file), "utf8")
  )

  it("has a section of docs/runbooks.md, which its annotation names, and each section an alert", () => {
    const sections = readFileSync(join(root, "docs/runbooks.md"), "utf8").matchAll(/^## (\w+)$/gm)
    assert.deepStrictEqual(Array.from(sections, ([, name]) => name).toSorted(), alerts.map(([name]) => name).toSorted())
    for (const [name, text] of alerts) assert.include(text, `runbook: "docs/runbooks.md#${name.toLowerCase()}"`)
  })

  it("has a test in which it fires, and one in which it stays quiet", () => {
    const cases = tests.flatMap((text) => text.split(/^ {6}- (?=\{? ?eval_time)/m).slice(1))
    for (const [name] of alerts) {
      const ofAlert = cases.filter((text) => new RegExp(`alertname: ${name}\\b`).test(text.split("\n- ")[0]!))
      assert.isTrue(
        ofAlert.some((text) => text.includes("exp_alerts")),
        `${name} never fires`
      )
      assert.isTrue(
        ofAlert.some((text) => !text.split(/^ {2}- /m)[0]!.includes("exp_alerts")),
        `${name} is never quiet`
      )
    }
  })
})

describe("deploy/grafana", () => {
  it("has the dashboards that the code makes, and no others", () => {
    const made = dashboardFiles()
    const found = readdirSync(join(deploy, "grafana")).map((file) => `deploy/grafana/${file}`)
    assert.deepStrictEqual(found.toSorted(), Object.keys(made).toSorted())
    // The formatter may write a short list on one line.
    for (const [file, text] of Object.entries(made)) {
      assert.deepStrictEqual(JSON.parse(readFileSync(join(root, file), "utf8")), JSON.parse(text), file)
    }
  })

  it("asks for metrics that are there", () => {
    const known = new Set(readMetrics().map(({ name }) => name))
    const asked = dashboardQueries().flatMap((query) =>
      Array.from(query.matchAll(/\b(?:roost|nodejs|process)_[a-z0-9_]+/g), ([name]) => name)
    )
    assert.deepStrictEqual(
      asked.filter((name) => !known.has(name.replace(/_(?:bucket|count|sum)$/, "")) && !known.has(name)),
      []
    )
  })
})

describe("deploy/systemd", () => {
  it("has units that systemd takes", () => {
    const folder = mkdtempSync(join(tmpdir(), "roost-units-"))
    try {
      cpSync(join(deploy, "systemd"), folder, { recursive: true })
      for (const name of readdirSync(folder).filter((file) => file.endsWith(".service"))) {
        const unit = join(folder, name)
        // systemd looks whether the program is there; this machine has it elsewhere.
        writeFileSync(unit, readFileSync(unit, "utf8").replaceAll(/^ExecStart=\S+/gm, `ExecStart=${process.execPath}`))
        const { error, status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" })
        assert.isUndefined(error)
        assert.strictEqual(stderr, "")
        assert.strictEqual(status, 0)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("deploy/newSecrets.sh", () => {
  it("makes new secrets, readable by their owner, and leaves those that are there", () => {
    const folder = mkdtempSync(join(tmpdir(), "roost-secrets-"))
    try {
      const make = () =>
        execFileSync(join(deploy, "newSecrets.sh"), [join(folder, "etc")], {
          env: { ...process.env, ROOST_NATS_STORE_DIR: join(folder, "nats") },
          encoding: "utf8"
        })
      make()
      const read = (app: string) => readFileSync(join(folder, "etc", `${app}.env`), "utf8")
      const before = ["nats-server", "registry", "udp-edge", "session-actors", "downlink-queue"].map(read)
      assert.match(read("registry"), /^ROOST_API_TOKEN=[0-9a-f]{64}$/m)
      const token = /^ROOST_API_TOKEN=.*$/m
      assert.strictEqual(token.exec(read("registry"))![0], token.exec(read("downlink-queue"))![0])
      assert.match(execFileSync("stat", ["-c", "%a", join(folder, "etc/registry.env")], { encoding: "utf8" }), /^600/)
      assert.include(make(), "registry.env stays as it is")
      assert.deepStrictEqual(
        ["nats-server", "registry", "udp-edge", "session-actors", "downlink-queue"].map(read),
        before
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
