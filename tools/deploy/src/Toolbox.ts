import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

const requirements = resolve(import.meta.dirname, "../python/requirements.txt")

/** Modules that need Go 1.26 or newer; Debian's is older, and nobody installs another one unasked. */
const goTools = {
  helm: { module: "helm.sh/helm/v3", version: "v3.22.0", program: "cmd/helm" },
  nfpm: { module: "github.com/goreleaser/nfpm/v2", version: "v2.45.2", program: "cmd/nfpm" },
  jaeger: { module: "github.com/jaegertracing/jaeger", version: "v1.76.0", program: "cmd/all-in-one" }
} as const
export type GoTool = keyof typeof goTools
export const goToolNames = Object.keys(goTools) as ReadonlyArray<GoTool>
const goMinor = 26

/** Outside the clone, so that the next one finds them; those of Python in a folder for each set of pinned versions. */
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "roost/deploy")
const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 16)
const python = join(cache, `python-${digest}`)

export const pythonTool = (name: string): string => join(python, "bin", name)

/** Brings what python/requirements.txt names, once. */
export const installPythonTools = (): void => {
  if (existsSync(join(python, "ready"))) return
  mkdirSync(cache, { recursive: true })
  execFileSync("python3", ["-m", "venv", "--clear", python], { stdio: "inherit" })
  const options = ["install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]
  execFileSync(pythonTool("pip"), options, { stdio: "inherit" })
  writeFileSync(join(python, "ready"), "")
}

/** The file of a program that Go builds, some minutes the first time; an Error says what is missing. */
export const goTool = (name: GoTool): string => {
  const { module, program, version } = goTools[name]
  const folder = join(cache, `${name}-${version}`)
  const file = join(folder, name)
  if (existsSync(file)) return file
  const found = /go1\.(\d+)/.exec(spawnSync("go", ["version"], { encoding: "utf8" }).stdout ?? "")
  if (found === null || Number(found[1]) < goMinor) {
    throw new Error(
      `${name} is built by Go 1.${goMinor} or newer; ${found === null ? "there is no go" : `go is 1.${found[1]}`}`
    )
  }
  process.stderr.write(`building ${module}/${program}@${version}: some minutes, once\n`)
  mkdirSync(folder, { recursive: true })
  const run = (args: ReadonlyArray<string>, cwd: string) =>
    execFileSync("go", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
  // By its own go.mod: `go install` takes no module that replaces another, as Jaeger does.
  const { Dir } = JSON.parse(run(["mod", "download", "-json", `${module}@${version}`], folder)) as {
    readonly Dir: string
  }
  // Whole or not at all: two runs may be at it.
  const unfinished = `${file}.new.${process.pid}`
  run(["build", "-trimpath", "-ldflags=-s -w", "-o", unfinished, `./${program}`], Dir)
  renameSync(unfinished, file)
  return file
}
