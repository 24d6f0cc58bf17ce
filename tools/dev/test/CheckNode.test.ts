import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, assert, beforeEach, it } from "vitest"

const script = fileURLToPath(new URL("../src/checkNode.mjs", import.meta.url))
const root = fileURLToPath(new URL("../../../", import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const check = (at: string) => spawnSync(process.execPath, [script, at], { encoding: "utf8" })

/** A root of its own, with the machine's package of Node in it. */
const name = `node_modules/node-${process.platform}-${process.arch}`
let copy = ""
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "roost-node-"))
  mkdirSync(join(copy, name, "bin"), { recursive: true })
  cpSync(join(root, name, "package.json"), join(copy, name, "package.json"))
})
afterEach(() => rmSync(copy, { recursive: true }))

const assertRefused = (why: string): void => {
  const { status, stderr } = check(copy)
  assert.include(stderr, why)
  assert.strictEqual(status, 1)
}

it("npm ci ends with a check of the Node that runs: a changed program is refused, and one without a sum (trust D5)", () => {
  assert.containSubset(check(root), { status: 0, stderr: "" })
  writeFileSync(join(copy, name, "bin/node"), "another program")
  assertRefused("it is not the Node that Roost")
  writeFileSync(join(copy, name, "package.json"), '{"version":"99.0.0"}')
  assertRefused("has no sum")
})

it("a changed program does not judge itself, though npm puts it first in PATH (trust D5)", () => {
  const program = join(copy, name, "bin/node")
  writeFileSync(program, "#!/bin/sh\nexit 0\n", { mode: 0o755 })
  // As npm runs a script: by sh, with the packages' commands before the machine's.
  const { status, stderr } = spawnSync("sh", ["-c", `${manifest.scripts.postinstall} ${copy}`], {
    cwd: root,
    encoding: "utf8",
    env: { PATH: `${join(copy, name, "bin")}:${process.env["PATH"]}`, npm_node_execpath: process.execPath }
  })
  assert.include(stderr, "it is not the Node that Roost")
  assert.strictEqual(status, 1)
})

it("another package's command `node` is refused (trust D5)", () => {
  symlinkSync(join(root, name, "bin/node"), join(copy, name, "bin/node"))
  mkdirSync(join(copy, "node_modules/.bin"))
  const command = join(copy, "node_modules/.bin/node")
  symlinkSync(join("..", `node-${process.platform}-${process.arch}`, "bin/node"), command)
  assert.containSubset(check(copy), { status: 0, stderr: "" })
  rmSync(command)
  writeFileSync(command, "#!/bin/sh\n")
  assertRefused("another package brings a command")
})

it("no install script of a dependency runs: each is denied by name (trust D5)", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>
  }
  const scripted = Object.entries(packages).flatMap(([place, { hasInstallScript }]) =>
    hasInstallScript === true && place !== "" ? [place.split("node_modules/").at(-1)!] : []
  )
  assert.deepStrictEqual(
    scripted.filter((dependency) => manifest.allowScripts[dependency] !== false),
    []
  )
  assert.deepStrictEqual(
    Object.keys(manifest.allowScripts).filter((dependency) => !scripted.includes(dependency)),
    []
  )
  assert.match(readFileSync(join(root, ".npmrc"), "utf8"), /^strict-allow-scripts=true$/m)
})
