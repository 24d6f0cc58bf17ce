import { answerFirst, version } from "@roost/observability"
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { filesOfLib, nameFault, newLibLayers } from "./NewLib.ts"

const usage = `npm run new-lib -- NAME [--layer ${newLibLayers.join("|")}]
Makes libs/NAME with its manifest, README, first file and test, of the layer runtime unless another is given.`

const root = fileURLToPath(new URL("../../..", import.meta.url))

const main = (): number => {
  const { positionals, values } = parseArgs({
    options: { layer: { type: "string", default: "runtime" } },
    allowPositionals: true
  })
  const layer = newLibLayers.find((known) => known === values.layer)
  if (layer === undefined) {
    return refuse(
      `--layer takes ${newLibLayers.join(", ")}, not ${JSON.stringify(values.layer)}; a protocol lib begins as a copy of libs/bounded`
    )
  }
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) return refuse(`one NAME is expected, ${positionals.length} came`)
  const fault = nameFault(name, readdirSync(join(root, "libs")))
  if (fault !== undefined) return refuse(fault)
  for (const [path, text] of filesOfLib({ name, layer, version })) write(path, text)
  spawnSync(join(root, "node_modules/.bin/oxfmt"), [`libs/${name}`], { cwd: root, stdio: "inherit" })
  process.stdout.write(
    `libs/${name} is there. npm install --ignore-scripts links it; then npx nx run-many -t lint typecheck test -p ${name}\n`
  )
  return 0
}

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const refuse = (why: string): number => {
  process.stderr.write(`new-lib: ${why}\n`)
  return 2
}

process.exitCode = answerFirst({ name: "npm run new-lib", usage, flags: ["--layer"] }) ?? main()
