import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { accessSync, constants, mkdirSync, readFileSync, utimesSync } from "node:fs"
import { join, resolve } from "node:path"

/** A checkout of the repository, and what `npm start` runs of it: names, and files to begin with. */
export interface Checkout<Name extends string = string> {
  readonly root: string
  readonly sources: Readonly<Record<Name, string>>
}

export const thisCheckout = {
  root: resolve(import.meta.dirname, "../../.."),
  sources: {
    start: "tools/dev/src/start.ts",
    plan: "tools/dev/src/plan.ts",
    registry: "apps/registry/src/main.ts",
    "downlink-queue": "apps/downlink-queue/src/main.ts",
    "session-actors": "apps/session-actors/src/main.ts",
    "udp-edge": "apps/udp-edge/src/main.ts",
    sinks: "apps/sinks/src/main.ts",
    device: "tools/device/src/main.ts"
  }
} as const
export type ProgramName = keyof (typeof thisCheckout)["sources"]

/** The files that Node is started with, as they were when they were looked for. */
export interface Programs<Name extends string = ProgramName> {
  readonly files: Readonly<Record<Name, string>>
  /** For the environment of each program: where V8 keeps what it compiled. */
  readonly env: Readonly<Record<string, string>>
  /** Undefined: the files are bundles. Else why they are the sources. */
  readonly whySources: string | undefined
}

/** Beside the checkout, since bundles are of it: the data may be another user's, and outlives it. */
export const cacheFolder = (root: string): string => join(root, "node_modules/.cache/roost")
/** Names all files that the newest bundles were made from. */
export const inputsFile = (cache: string): string => join(cache, "inputs.json")
export const bundlesFolder = (cache: string, key: string): string => join(cache, `bundles-${key}`)

/**
 * The bundles of the checkout as it is now, made anew if anything that goes into them has changed. Where they can't be made or kept, the
 * sources: Node strips their types at each start, which takes seconds and twice the memory.
 */
export const findPrograms = <Name extends string>(checkout: Checkout<Name>): Programs<Name> => {
  const { root, sources } = checkout
  const cache = cacheFolder(root)
  const filesBy = (fileOf: (name: Name) => string) =>
    Object.fromEntries(Object.keys(sources).map((name) => [name, fileOf(name as Name)])) as Record<Name, string>
  const fromSources = (env: Programs["env"], why: string) => ({
    files: filesBy((name) => join(root, sources[name])),
    env,
    whySources: why
  })
  try {
    mkdirSync(cache, { recursive: true })
    accessSync(cache, constants.W_OK)
  } catch (error) {
    return fromSources({}, `${cache} can't be written (${(error as NodeJS.ErrnoException).code})`)
  }
  const env = { NODE_COMPILE_CACHE: join(cache, "v8") }
  const fitting = findBundles(root, cache)
  const made = fitting ?? makeBundles(checkout, cache)
  if (typeof made !== "string") return fromSources(env, made.failure)
  return { files: filesBy((name) => join(made, `${name}.mjs`)), env, whySources: undefined }
}

/** The folder of the bundles that were made from what the files hold now; undefined if there is none. */
const findBundles = (root: string, cache: string): string | undefined => {
  try {
    const inputs = JSON.parse(readFileSync(inputsFile(cache), "utf8")) as ReadonlyArray<string>
    const folder = bundlesFolder(cache, keyOf(root, inputs))
    // When it was used last: those that nobody used for long are removed.
    const now = new Date()
    utimesSync(folder, now, now)
    return folder
  } catch {
    // Never made, of other contents, or without a file that was removed since.
    return undefined
  }
}

const makeBundles = (checkout: Checkout, cache: string): string | { readonly failure: string } => {
  const maker = join(import.meta.dirname, "bundlePrograms.ts")
  const { status, stderr } = spawnSync(process.execPath, [maker, JSON.stringify(checkout)], { encoding: "utf8" })
  const folder = status === 0 ? findBundles(checkout.root, cache) : undefined
  const said = stderr.split("\n").filter((line) => line.trim() !== "")
  return folder ?? { failure: said.slice(0, 2).join(" ") || `the bundler ended with ${status}` }
}

/** Of contents and not of times, which another branch, a clone or an archive sets anew. Throws if a file is gone. */
export const keyOf = (root: string, inputs: ReadonlyArray<string>): string => {
  const sum = createHash("sha256")
  const maker = ["Bundling.ts", "bundlePrograms.ts"].map((file) => join(import.meta.dirname, file))
  for (const input of [...maker, ...inputs.map((input) => join(root, input))]) {
    const content = readFileSync(input)
    sum.update(`${input}\0${content.length}\0`).update(content)
  }
  return sum.digest("hex").slice(0, 32)
}
