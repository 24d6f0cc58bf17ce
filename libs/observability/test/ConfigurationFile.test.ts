import { Setting } from "@roost/contracts"
import { Config, Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "vitest"
import { configurationFaults, configurationTable } from "../src/Configuration.ts"
import { parseConfiguration } from "../src/ConfigurationFile.ts"
import { readConfigured } from "../src/Configured.ts"

const folder = mkdtempSync(join(tmpdir(), "roost-configuration-"))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (text: string | Uint8Array): string => {
  const path = join(folder, "app.conf")
  writeFileSync(path, text)
  return path
}

const Port = Setting.withDefault("ROOST_EDGE_PORT", "TCP port of health", Setting.port, 8082)
const Key = Setting.required("ROOST_CLUSTER_KEY", "a key", Config.NonEmptyString, { secret: true })
const Database = Setting.optional("DATABASE_URL", "a database", Config.NonEmptyString, {
  secret: true,
  shown: Setting.withoutLogin
})
const settings = [Port, Key, Database]
const textsOf = async (path: string, env = {}) =>
  (await Effect.runPromise(configurationFaults(settings, readConfigured(path, env)))).map(({ text }) => text)

describe("a configuration file", () => {
  it("is read as systemd, Docker and shells read it", () => {
    const text = [
      "\uFEFF# comment",
      "",
      "A=1\r",
      " export B = 2".replace(" = ", "="),
      "C='a b # c'",
      'D="say \\"\\$x\\" \\n"',
      "E=",
      "F=p#a=b;c"
    ].join("\n")
    const { faults, variables } = parseConfiguration(text)
    assert.deepStrictEqual(faults, [])
    assert.deepStrictEqual(
      variables.map(({ line, name, value }) => [line, name, value]),
      [
        [3, "A", "1"],
        [4, "B", "2"],
        [5, "C", "a b # c"],
        [6, "D", 'say "$x" \\n'],
        [7, "E", ""],
        [8, "F", "p#a=b;c"]
      ]
    )
  })

  it.each([
    ["A = 1", "A: expected NAME=value, without spaces around ="],
    ["A: 1", "A: expected NAME=value, without spaces around ="],
    ["[section]", "expected NAME=value, without spaces around ="],
    ['{"A":1}', "expected NAME=value, without spaces around ="],
    ["A=1 # one", 'A: expected quotes around a value with " #", or the comment on a line of its own'],
    ["A='1", "A: expected ' at the end of the value too: it is one line"],
    ['A="1" 2', 'A: expected nothing after the closing "'],
    ["B=1\nB=2", "B: expected each variable once; line 1 has it too"],
    ["ROOST_CONFIG=x", "ROOST_CONFIG: expected none: a file can't name another"]
  ])("names file, line and variable of what it can't use: %j", async (text, message) => {
    const path = file(text)
    assert.deepStrictEqual(await textsOf(path), [`${path}:${text.split("\n").length}: ${message}`])
  })

  it("that is none is named, with why", async () => {
    const missing = join(folder, "none.conf")
    const named = (why: string, path: string) => `--config: expected a file of NAME=value lines; ${path}: ${why}`
    assert.deepStrictEqual(await textsOf(missing), [named("no such file or directory", missing)])
    assert.deepStrictEqual(await textsOf(folder), [named("illegal operation on a directory", folder)])
    assert.deepStrictEqual(await textsOf(file(Uint8Array.of(0xff))), [named("it is no text in UTF-8", file("\uD800"))])
    assert.deepStrictEqual(await textsOf("/dev/zero"), [named("it has more than 1 MiB", "/dev/zero")])
  })

  it("gives what the environment does not, and faults of values name the line", async () => {
    const path = file("ROOST_EDGE_PORT=70000\nROOST_CLUSTER_KEY=\n")
    assert.deepStrictEqual(await textsOf(path), [
      `ROOST_EDGE_PORT: expected a whole number from 1 to 65535; it is "70000" (${path}:1)`,
      `ROOST_CLUSTER_KEY: Expected string; it is empty (${path}:2)`
    ])
    assert.deepStrictEqual(await textsOf(path, { ROOST_EDGE_PORT: "1", ROOST_CLUSTER_KEY: "k" }), [])
  })

  it("is shown with where each value is from, and without secrets", () => {
    const path = file("ROOST_EDGE_PORT=9000\nDATABASE_URL=postgres://u:p/a@s?@db:5432/roost?password=s\n")
    const table = (env: Record<string, string>) =>
      configurationTable(settings, readConfigured(path, env)).replaceAll(/ {2,}/g, " | ").split("\n")
    assert.deepStrictEqual(table({ ROOST_EDGE_PORT: "1", ROOST_CLUSTER_KEY: "secret" }), [
      "ROOST_EDGE_PORT | 1 | environment",
      "ROOST_CLUSTER_KEY | (set) | environment",
      `DATABASE_URL | postgres://…@db:5432/roost?… | ${path}:2`
    ])
    assert.deepStrictEqual(table({}).slice(0, 2), [
      `ROOST_EDGE_PORT | 9000 | ${path}:1`,
      "ROOST_CLUSTER_KEY | – | missing"
    ])
  })
})

it("an app takes its file by --config or ROOST_CONFIG, for --check and --print-config too", () => {
  const fixture = fileURLToPath(new URL("./fixtures/app.ts", import.meta.url))
  const { NODE_COMPILE_CACHE = "", PATH = "" } = process.env
  const ask = (given: ReadonlyArray<string>, env = {}) =>
    spawnSync(process.execPath, [fixture, ...given], { encoding: "utf8", env: { NODE_COMPILE_CACHE, PATH, ...env } })
  const path = file(`ROOST_CLUSTER_KEY=${"a".repeat(64)}\nROOST_EDGE_PROT=1\nNODE_OPTIONS=x\n`)
  const checked = ask(["--check"], { ROOST_CONFIG: path })
  assert.strictEqual(checked.status, 0, checked.stdout)
  assert.include(
    checked.stdout,
    `nothing reads ROOST_EDGE_PROT (${path}:2; meant: ROOST_EDGE_PORT?), NODE_OPTIONS (${path}:3)`
  )
  const printed = ask(["--print-config", "--config", path], { ROOST_EDGE_PORT: "x" })
  assert.strictEqual(printed.status, 1)
  assert.match(printed.stdout, /^ROOST_CLUSTER_KEY +\(set\) +\/.*:1$/m)
  assert.match(printed.stdout, /^ROOST_CONFIG +\/.*app\.conf +--config$/m)
  assert.match(printed.stdout, /^ROOST_LOG_LEVEL +Info +default$/m)
  assert.match(printed.stderr, /^ROOST_EDGE_PORT: expected .*; it is "x"$/m)
  assert.strictEqual(ask(["--config"]).status, 2)
})
