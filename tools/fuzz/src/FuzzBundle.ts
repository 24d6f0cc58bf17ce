import { build } from "esbuild"
import { readdirSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { countersName, instrument } from "./Instrument.ts"

export interface FuzzBundle {
  readonly file: string
  readonly counters: number
  readonly dictionary: ReadonlyArray<Uint8Array>
  readonly remove: () => Promise<void>
}

/** Projects of the repository that have `fuzz/FuzzTargets.ts`, by the name of their folder. */
export const fuzzProjects = (root: string): ReadonlyArray<string> =>
  readdirSync(join(root, "libs")).filter((name) => existsSync(join(root, "libs", name, "fuzz/FuzzTargets.ts")))

/**
 * The targets of a project with everything of ours that they import, instrumented, in one file. It lies beside
 * the project's packages, where its other imports are found. Packages of others are not instrumented: they are not what is tried.
 */
export const bundleTargets = async (root: string, project: string): Promise<FuzzBundle> => {
  const { outputFiles } = await build({
    entryPoints: [join(root, "libs", project, "fuzz/FuzzTargets.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node26",
    logLevel: "error",
    plugins: [
      {
        name: "others",
        setup: (plugin) =>
          plugin.onResolve({ filter: /^[^./]/ }, ({ path }) => (isOurs(path) ? undefined : { external: true, path }))
      }
    ]
  })
  const { code, counters, dictionary } = instrument(outputFiles[0]!.text)
  const directory = await mkdtemp(join(root, "node_modules", ".fuzz-"))
  const file = join(directory, `${project}.mjs`)
  await writeFile(
    file,
    `export const ${countersName} = globalThis.${countersName} ??= new Uint32Array(${counters});\n${code}`
  )
  return { file, counters, dictionary, remove: () => rm(directory, { recursive: true, force: true }) }
}

const isOurs = (specifier: string): boolean => specifier.startsWith("@roost/") || specifier.startsWith("/")
