import { assert, it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../../..")
const main = join(root, "apps/udp-edge/dist/main.mjs")

/** Node as it is, but for the version that it tells. */
const asVersion = (node: string): string =>
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${node}"}})`

it("a bundle that an old Node starts says which one it needs, and what this one is", () => {
  execFileSync(process.execPath, [join(root, "tools/dev/src/bundle.ts"), "udp-edge"])
  for (const version of ["18.20.4", "20.20.2", "22.19.0", "24.11.0"]) {
    const { status, stderr } = spawnSync(process.execPath, ["--import", asVersion(version), main], { encoding: "utf8" })
    assert.strictEqual(stderr, `Node 26.0 or newer is expected, ${process.execPath} is ${version}\n`)
    assert.strictEqual(status, 1)
  }
})

it("a bundle that a new Node starts is the app", () => {
  for (const version of ["26.0.0", process.versions.node]) {
    const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", asVersion(version), main], {
      encoding: "utf8",
      env: { ROOST_LOG_LEVEL: "loud" },
      timeout: 30_000
    })
    assert.include(`${stdout}${stderr}`, "ROOST_LOG_LEVEL")
    assert.strictEqual(status, 1)
  }
})
