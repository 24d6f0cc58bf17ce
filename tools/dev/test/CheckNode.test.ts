import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const script = fileURLToPath(new URL("../src/checkNode.mjs", import.meta.url))
const root = fileURLToPath(new URL("../../../", import.meta.url))
const check = (at: string) => spawnSync(process.execPath, [script, at], { encoding: "utf8" })

it("npm ci ends with a check of the Node that runs: a changed program is refused, and one without a sum (trust D5)", () => {
  expect(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts.postinstall).toContain("checkNode.mjs")
  expect(check(root)).toMatchObject({ status: 0, stderr: "" })
  const copy = mkdtempSync(join(tmpdir(), "roost-node-"))
  try {
    const name = `node_modules/node-${process.platform}-${process.arch}`
    mkdirSync(join(copy, name, "bin"), { recursive: true })
    cpSync(join(root, name, "package.json"), join(copy, name, "package.json"))
    writeFileSync(join(copy, name, "bin/node"), "another program")
    expect(check(copy)).toMatchObject({ status: 1, stderr: expect.stringContaining("it is not the Node that Roost") })
    writeFileSync(join(copy, name, "package.json"), '{"version":"99.0.0"}')
    expect(check(copy)).toMatchObject({ status: 1, stderr: expect.stringContaining("has no sum") })
  } finally {
    rmSync(copy, { recursive: true })
  }
})
