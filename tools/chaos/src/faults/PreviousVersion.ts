import type { AppName } from "@roost/testkit"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../../../..")
const apps: ReadonlyArray<AppName> = ["registry", "session-actors", "downlink-queue", "udp-edge"]

/** The commit of the version before this one, which still runs beside it. */
export const previousCommit = (): string => readFileSync(join(root, "deploy/previous-version"), "utf8").trim()

/** The bundles of a commit of this repository, by app: made once, from its own dependencies, and kept outside the clone. */
export const bundlesOf = (commit: string, say: (text: string) => void): ((app: AppName) => string) => {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "roost", "versions", commit)
  if (!existsSync(cache)) build(commit, cache, say)
  return (app) => join(cache, app, "main.mjs")
}

const build = (commit: string, cache: string, say: (text: string) => void): void => {
  mkdirSync(dirname(cache), { recursive: true })
  const folder = mkdtempSync(join(dirname(cache), "building-"))
  try {
    say(`building ${commit.slice(0, 7)} in ${folder}, once`)
    const archive = join(folder, "sources.tar")
    const missing = `the commit ${commit} is not in this clone: git fetch --unshallow brings the history`
    run(root, missing, "git", "archive", "--output", archive, commit)
    const sources = join(folder, "sources")
    mkdirSync(sources)
    run(sources, "its sources can't be unpacked", "tar", "-xf", archive)
    run(sources, "its dependencies can't be installed", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    const made = join(folder, "made")
    for (const app of apps) {
      run(sources, `${app} can't be bundled`, process.execPath, "tools/dev/src/bundle.ts", app)
      cpSync(join(sources, "apps", app, "dist"), join(made, app), { recursive: true })
    }
    renameSync(made, cache)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const run = (cwd: string, failure: string, command: string, ...args: ReadonlyArray<string>): void => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 26 })
  if (status === 0) return
  throw new Error(`${failure}: ${error?.message ?? `${stdout}${stderr}`.trim().slice(-2_000)}`)
}
