import { Program } from "@roost/testkit/program"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { constants, setPriority } from "node:os"
import { join } from "node:path"

/** The console's files for a checkout as it is now. */
export interface ConsoleBuild {
  /** Where they are, or will be. */
  readonly folder: string
  /** Undefined when they are there; else why they can't be. */
  readonly done: Promise<string | undefined>
}

/** `beside` what others wait for, or as fast as the machine lets it: on a busy one the former takes minutes. */
type Pace = "beside" | "awaited"

/** Files that the build reads beside node_modules, which package-lock.json stands for. */
const inputs = ["index.html", "vite.config.ts", "package.json", "src", "public", "build"]
/** Builds that stay, newest first, since a Roost may serve them; some 3 MB each. */
const foldersMax = 4

/** Of contents and not of times, which another branch, a clone or an archive sets anew. */
export const consoleKey = (root: string): string => {
  const sum = createHash("sha256")
  const project = join(root, "apps/console")
  const files = inputs.flatMap((name) => filesUnder(project, name)).toSorted()
  for (const file of [...files, "../../package-lock.json"]) {
    const content = readFileSync(join(project, file))
    sum.update(`${file}\0${content.length}\0`).update(content)
  }
  return sum.digest("hex").slice(0, 32)
}

const filesUnder = (project: string, name: string): ReadonlyArray<string> =>
  statSync(join(project, name)).isFile()
    ? [name]
    : readdirSync(join(project, name), { recursive: true, withFileTypes: true }).flatMap((entry) =>
        entry.isFile() ? [join(entry.parentPath, entry.name).slice(project.length + 1)] : []
      )

/**
 * The files that were built of this content before, or a build of it in another process. The start of a Roost need not wait for
 * it. They lie beside the checkout, where one may write there.
 */
export const buildConsole = (root: string, pace: Pace = "beside"): ConsoleBuild => {
  const cache = join(root, "node_modules/.cache/roost")
  let folder = join(cache, "console-unbuilt")
  try {
    folder = join(cache, `console-${consoleKey(root)}`)
    if (existsSync(folder)) return { folder, done: Promise.resolve(undefined) }
    mkdirSync(cache, { recursive: true })
  } catch (error) {
    return { folder, done: Promise.resolve((error as Error).message) }
  }
  return { folder, done: build(root, cache, folder, pace) }
}

const build = async (root: string, cache: string, folder: string, pace: Pace): Promise<string | undefined> => {
  const making = join(cache, `making-console-${process.pid}`)
  const vite = join(root, "node_modules/vite/bin/vite.js")
  try {
    const args = [vite, "build", "--logLevel", "error", join(root, "apps/console")]
    const env = { ...process.env, NODE_ENV: "production", ROOST_CONSOLE_OUT: making }
    const { code, output } = await run(args, env, pace)
    if (code !== 0) return firstLine(output) ?? `its build ended with ${code}`
    // Another start may have made the same meanwhile.
    if (!existsSync(folder)) renameSync(making, folder)
    removeOld(cache, folder)
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

const run = async (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv, pace: Pace) => {
  const program = new Program({ command: process.execPath, args, env })
  // The apps start meanwhile, and somebody waits for them.
  if (pace === "beside" && program.isRunning) setPriority(program.pid, constants.priority.PRIORITY_LOW)
  const { code, error } = await program.exited
  if (error !== undefined) throw error
  return { code, output: program.stderr }
}

const firstLine = (output: string): string | undefined =>
  output.split("\n").find((line) => line.trim() !== "" && !/^\s+at /.test(line))

const removeOld = (cache: string, kept: string): void => {
  const others = readdirSync(cache)
    .filter((name) => /^console-[0-9a-f]{32}$/.test(name))
    .map((name) => join(cache, name))
    .filter((path) => path !== kept)
    .map((path) => ({ path, madeAt: statSync(path).mtimeMs }))
    .toSorted((a, b) => b.madeAt - a.madeAt)
  for (const { path } of others.slice(foldersMax - 1)) rmSync(path, { recursive: true, force: true })
}
