import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { repository } from "../src/imageRoot.ts"

describe("the entry of the image", () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "roost-entry-"))
    cpSync(join(repository, "deploy/image/roost.mjs"), join(folder, "roost.mjs"))
    mkdirSync(join(folder, "registry"))
    writeFileSync(join(folder, "registry/main.mjs"), "console.log(process.argv.slice(2).join())")
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const enter = (...args: ReadonlyArray<string>) =>
    spawnSync(process.execPath, [join(folder, "roost.mjs"), ...args], { encoding: "utf8" })

  it("starts the app that its first argument names, with the arguments after it", () => {
    assert.strictEqual(enter("registry", "--check").stdout, "--check\n")
  })

  it("names the apps when it is asked, and when it is given another name", () => {
    assert.deepInclude(enter(), { status: 0, stderr: "" })
    assert.include(enter("--help").stdout, "udp-edge, session-actors, registry, downlink-queue, sinks")
    const other = enter("registri")
    assert.deepInclude(other, { status: 2, stdout: "" })
    assert.match(other.stderr, /^registri: expected udp-edge, session-actors, registry, downlink-queue, sinks\n/)
  })

  it("leaves everything else to the command, where the image has it", () => {
    mkdirSync(join(folder, "roost"))
    writeFileSync(join(folder, "roost/main.mjs"), "console.log('command', process.argv.slice(2).join())")
    assert.strictEqual(enter("devices", "ls").stdout, "command devices,ls\n")
  })
})
