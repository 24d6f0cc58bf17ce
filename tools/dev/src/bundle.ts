import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundleInto, copyWebAssembly, nodeMin, nodeText, root, scriptWorker, searchWorker } from "./Bundling.ts"

// `node tools/dev/src/bundle.ts APP` makes apps/APP/dist, a folder that runs wherever there is a Node: main.mjs, and what it loads.
// `node tools/dev/src/bundle.ts roost` makes tools/roost/dist of the command, with the device in software beside it.

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
  const scripts = convertsRawProducts(app)
  const folder = await bundleAs(join(root, "apps", app, "dist"), {
    app: `apps/${app}/src/main.ts`,
    ...(scripts ? scriptWorker : {}),
    ...(app === "registry" ? searchWorker : {})
  })
  if (scripts) copyWebAssembly(folder)
  // The registry serves the console's pages, which `nx build console` makes before.
  const pages = join(root, "apps/console/dist")
  if (app === "registry" && existsSync(pages)) cpSync(pages, join(folder, "console"), { recursive: true })
}

const bundleAs = async (folder: string, entryPoints: Readonly<Record<string, string>>): Promise<string> => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  await bundleInto(folder, root, entryPoints)
  writeFileSync(join(folder, "main.mjs"), main)
  return folder
}

const [name] = process.argv.slice(2)
if (name === "roost") {
  await bundleAs(join(root, "tools/roost/dist"), { app: "tools/roost/src/main.ts", device: "tools/device/src/main.ts" })
} else await bundle(name!)
