import { howEnded, runProgram } from "@roost/testkit/program"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

const folder = resolve(import.meta.dirname, "..")
export const clientsFolder = join(folder, "clients")
export const pythonFolder = join(folder, "python")

/** Where the tools are: in the user's cache, in a folder of its own for every set of pinned versions. */
const pins = [join(clientsFolder, "package-lock.json"), join(pythonFolder, "requirements.txt")]
const digest = createHash("sha256")
for (const file of pins) digest.update(readFileSync(file))
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache")
const toolbox = join(cache, "roost/openapi", digest.digest("hex").slice(0, 16))

export const nodeTools = join(toolbox, "clients")
export const nodeTool = (name: string): string => join(nodeTools, "node_modules/.bin", name)
export const pythonTool = (name: string): string => join(toolbox, "venv/bin", name)

export interface Outcome {
  readonly ok: boolean
  /** The program's output, both streams. */
  readonly output: string
}

/** Of a program that ends by itself; it is killed after `millisMax`. */
export const run = async (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly millisMax?: number } = {}
): Promise<Outcome> => {
  const { env, millisMax = 300_000, ...cwd } = options
  try {
    const { exit, output } = await runProgram({
      ...cwd,
      command,
      args,
      env: { ...process.env, NO_COLOR: "1", ...env },
      withinMillis: millisMax
    })
    const ended = exit.signal === null ? "" : `\n${command} was ended by ${howEnded(exit)}`
    return { ok: exit.code === 0, output: output + ended }
  } catch (error) {
    return { ok: false, output: `${command}: ${(error as Error).message}` }
  }
}

/** Brings the tools of `clients/package-lock.json` and `python/requirements.txt` once; their registries are the machine's own. */
export const installTools = async (): Promise<Outcome> => {
  const ready = join(toolbox, "ready")
  if (existsSync(ready)) return { ok: true, output: `from ${toolbox}` }
  const python = spawnSync("python3", ["--version"], { encoding: "utf8" })
  if (python.status !== 0) {
    return { ok: false, output: "python3 is missing: on Debian, apt-get install python3-venv" }
  }
  rmSync(toolbox, { recursive: true, force: true })
  mkdirSync(nodeTools, { recursive: true })
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
    cpSync(join(clientsFolder, file), join(nodeTools, file))
  }
  const outcomes = await Promise.all([
    run("npm", ["ci", "--ignore-scripts"], { cwd: nodeTools }),
    run("python3", ["-m", "venv", join(toolbox, "venv")]).then((made) =>
      made.ok
        ? run(pythonTool("pip"), [
            "install",
            "-q",
            "--disable-pip-version-check",
            "-r",
            join(pythonFolder, "requirements.txt")
          ])
        : made
    )
  ])
  const failed = outcomes.find(({ ok }) => !ok)
  if (failed !== undefined) return failed
  writeFileSync(ready, "")
  return { ok: true, output: `into ${toolbox}` }
}
