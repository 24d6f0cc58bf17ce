import { build } from "esbuild"
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

// `node tools/dev/src/bundle.ts APP` makes apps/APP/dist, a folder that runs wherever there is a Node: main.mjs, and what it loads.

const root = resolve(import.meta.dirname, "../../..")

/**
 * What all tests run under. effect and undici ask for 22.19 only, but on 22.19 and 24.0 the registry started and failed at each look-up,
 * since their SQLite takes no parameter twice (`?1`).
 */
const nodeMin = { major: 26, minor: 0 }
const nodeText = `${nodeMin.major}.${nodeMin.minor}`

/** udp-edge converts nothing. */
const convertsRawProducts = (app: string): boolean => app !== "udp-edge"

/** Begins on any Node, so that one that is too old is told so, instead of which name of which module it lacks. */
const main = `const [major, minor] = process.versions.node.split(".").map(Number)
if (major < ${nodeMin.major} || (major === ${nodeMin.major} && minor < ${nodeMin.minor})) {
  process.stderr.write(\`Node ${nodeText} or newer is expected, \${process.execPath} is \${process.versions.node}\\n\`)
  process.exit(1)
}
await import("./app.mjs")
`

const bundle = async (app: string): Promise<void> => {
  const folder = join(root, "apps", app, "dist")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const scripts = convertsRawProducts(app)
  await build({
    entryPoints: {
      app: join(root, "apps", app, "src/main.ts"),
      ...(scripts ? { ScriptWorker: join(root, "libs/raw-script/src/ScriptWorker.ts") } : {})
    },
    bundle: true,
    platform: "node",
    target: `node${nodeText}`,
    format: "esm",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    // For dependencies that are no ES modules.
    banner: {
      js: "import{createRequire as createBundleRequire}from'node:module';const require=createBundleRequire(import.meta.url);"
    }
  })
  writeFileSync(join(folder, "main.mjs"), main)
  if (!scripts) return
  const wasm = "emscripten-module.wasm"
  copyFileSync(join(root, "node_modules/@jitl/quickjs-wasmfile-release-sync/dist", wasm), join(folder, wasm))
}

await bundle(process.argv[2]!)
