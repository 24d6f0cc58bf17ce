import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundleInto, copyWebAssembly, scriptWorker, searchWorker } from "./Bundling.ts"
import { bundlesFolder, cacheFolder, type Checkout, inputsFile, keyOf } from "./Programs.ts"

// `node tools/dev/src/bundlePrograms.ts CHECKOUT`, as JSON, which Programs.ts starts: esbuild's memory ends with it.

/** Bundles that stay, used last first, since a Roost may run from them; some 12 MB each. */
const foldersMax = 8
/** An editor saves while the bundler reads. */
const attemptsMax = 5
/** By which a file's time may be behind the clock: that of the kernel's ticks. */
const tickMillis = 20

/** Node keeps what V8 compiled when it ends; a process that is killed later has kept what its start needs. */
const keepCompiled = 'setTimeout((await import("node:module")).flushCompileCache, 10_000).unref();'

const make = async ({ root, sources }: Checkout): Promise<void> => {
  const cache = cacheFolder(root)
  const folder = join(cache, `making-${process.pid}`)
  const scripts = existsSync(join(root, scriptWorker.ScriptWorker))
  try {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const startedAt = Date.now() - tickMillis
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      const searches = existsSync(join(root, searchWorker.SearchWorker))
      const entryPoints = { ...sources, ...(scripts ? scriptWorker : {}), ...(searches ? searchWorker : {}) }
      const { metafile } = await bundleInto(folder, root, entryPoints, {
        metafile: true,
        footer: { js: keepCompiled }
      })
      const inputs = withManifests(root, Object.keys(metafile!.inputs))
      const key = keyOf(root, inputs)
      // Another content than the one that was bundled would get this key.
      if (inputs.some((input) => statSync(join(root, input)).mtimeMs >= startedAt)) continue
      if (scripts) copyWebAssembly(folder)
      keep(cache, folder, key, inputs)
      return
    }
    process.stderr.write(`its files changed ${attemptsMax} times while they were read\n`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Which file an import means is decided by the `exports` of package.json, too. */
const withManifests = (root: string, inputs: ReadonlyArray<string>): ReadonlyArray<string> => {
  const manifests = inputs.flatMap((input) => {
    const folder = packageFolder.exec(input)?.[0]
    return folder === undefined ? [] : [`${folder}package.json`]
  })
  return [...new Set([...inputs, ...manifests])].filter((input) => existsSync(join(root, input))).sort()
}

const packageFolder = /^(?:.*node_modules\/(?:@[^/]+\/)?[^/]+|(?:apps|libs|tools)\/[^/]+)\//

const keep = (cache: string, made: string, key: string, inputs: ReadonlyArray<string>): void => {
  const folder = bundlesFolder(cache, key)
  // Another start may have made the same meanwhile.
  if (!existsSync(folder)) renameSync(made, folder)
  const list = `${inputsFile(cache)}-${process.pid}`
  writeFileSync(list, JSON.stringify(inputs))
  renameSync(list, inputsFile(cache))
  const others = readdirSync(cache)
    .map((name) => join(cache, name))
    .filter((path) => path.startsWith(bundlesFolder(cache, "")) && path !== folder)
    .map((path) => ({ path, usedAt: statSync(path).mtimeMs }))
    .sort((a, b) => b.usedAt - a.usedAt)
  for (const { path } of others.slice(foldersMax - 1)) rmSync(path, { recursive: true, force: true })
}

await make(JSON.parse(process.argv[2]!) as Checkout)
