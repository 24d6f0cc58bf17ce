import { build } from "esbuild"
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { execFileSync } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "vitest"

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

it("a bundle converts: the worker is an entry of its own, the WebAssembly lies beside it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "roost-bundle-"))
  try {
    const entry = join(directory, "entry.ts")
    const script = {
      productKey: "p",
      version: 1,
      source:
        "function rawDataToJsonStr(b) { return JSON.stringify({ n: b.length }) } function jsonStrToRawData() { return [1] }"
    }
    writeFileSync(
      entry,
      `import { ScriptPool } from ${JSON.stringify(file("../src/index.ts"))}
const pool = new ScriptPool({ workers: 1 })
pool.convert(${JSON.stringify(script)}, "up", Uint8Array.of(1, 2, 3), (done) => {
  console.log(done._tag === "Converted" ? new TextDecoder().decode(done.bytes) : done.message)
  void pool.close()
})`
    )
    await build({
      entryPoints: { main: entry, ScriptWorker: file("../src/ScriptWorker.ts") },
      bundle: true,
      platform: "node",
      format: "esm",
      outdir: directory,
      outExtension: { ".js": ".mjs" },
      banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" }
    })
    const wasm = "@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm"
    copyFileSync(file(`../../../node_modules/${wasm}`), join(directory, "emscripten-module.wasm"))
    const said = execFileSync(process.execPath, [join(directory, "main.mjs")], { encoding: "utf8", timeout: 60_000 })
    assert.strictEqual(said.trim(), '{"n":3}')
  } finally {
    rmSync(directory, { recursive: true })
  }
})
