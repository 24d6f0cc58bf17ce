import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

const requirements = resolve(import.meta.dirname, "../python/requirements.txt")

/** Modules that need Go 1.26 or newer; Debian's is older, and nobody installs another one unasked. */
const goTools = {
  helm: "helm.sh/helm/v3/cmd/helm@v3.22.0",
  nfpm: "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2"
} as const
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
export const goTool = (name: keyof typeof goTools): string => {
  const [, version] = goTools[name].split("@")
  const folder = join(cache, `${name}-${version}`)
  const file = join(folder, name)
  if (existsSync(file)) return file
  const found = /go1\.(\d+)/.exec(spawnSync("go", ["version"], { encoding: "utf8" }).stdout ?? "")
  if (found === null || Number(found[1]) < goMinor) {
    throw new Error(
      `${name} is built by Go 1.${goMinor} or newer; ${found === null ? "there is no go" : `go is 1.${found[1]}`}`
    )
  }
  process.stdout.write(`building ${goTools[name]}: some minutes, once\n`)
  execFileSync("go", ["install", goTools[name]], { env: { ...process.env, GOBIN: folder }, stdio: "inherit" })
  return file
}
