import { type BuildOptions, type BuildResult, build } from "esbuild"
import { copyFileSync } from "node:fs"
import { join, resolve } from "node:path"

export const root = resolve(import.meta.dirname, "../../..")

/**
 * The oldest Node that all tests run under. The packages effect and undici ask for 22.19 only, but on 22.19 and 24.0 the registry started and
 * failed at each look-up. Their SQLite takes no parameter twice (`?1`).
 */
export const nodeMin = { major: 26, minor: 0 }
export const nodeText = `${nodeMin.major}.${nodeMin.minor}`

/** Bundles `entryPoints`, files of `checkout`, into `folder`, each by itself, as ES modules called `.mjs`. */
export const bundleInto = (
  folder: string,
  checkout: string,
  entryPoints: Readonly<Record<string, string>>,
  more: BuildOptions = {}
): Promise<BuildResult> =>
  build({
    entryPoints: { ...entryPoints },
    absWorkingDir: checkout,
    bundle: true,
    platform: "node",
    target: `node${nodeText}`,
    format: "esm",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    // For dependencies that are no ES modules.
    banner: {
      js: "import{createRequire as createBundleRequire}from'node:module';const require=createBundleRequire(import.meta.url);"
    },
    ...more
  })

/**
 * Of worker threads that convert for raw products: it lies beside the bundles of those that start it, with the WebAssembly that
 * it reads.
 */
export const scriptWorker = { ScriptWorker: "libs/raw-script/src/ScriptWorker.ts" }

/** Of the registry's search, likewise. */
export const searchWorker = { SearchWorker: "libs/device-registry/src/search/SearchWorker.ts" }

export const copyWebAssembly = (folder: string): void => {
  const wasm = "emscripten-module.wasm"
  copyFileSync(join(root, "node_modules/@jitl/quickjs-wasmfile-release-sync/dist", wasm), join(folder, wasm))
}
