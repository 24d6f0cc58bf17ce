import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildImage } from "./buildImage.ts"
import { repository } from "./imageRoot.ts"
import { containersConf, hasProgram } from "./podman.ts"
import { checkChart, playChart } from "./testChart.ts"
import { testCompose } from "./testCompose.ts"
import { testPackage } from "./testPackage.ts"
import { goTool, installPythonTools } from "./Toolbox.ts"

const tag = "localhost/roost:test"
const architecture = process.arch === "arm64" ? "arm64" : "amd64"

/** True if all went well. Each step says its name, and how long it took. */
export const testDeployment = async (base: string): Promise<boolean> => {
  const missing = ["buildah", "podman", "mmdebstrap"].filter((program) => !hasProgram(program))
  if (missing.length > 0) {
    process.stderr.write(
      `${missing.join(", ")}: missing. On Debian: apt-get install aardvark-dns buildah catatonit iptables mmdebstrap netavark podman runc\n`
    )
    return false
  }
  const folder = mkdtempSync(join(tmpdir(), "roost-deploy-"))
  const env = { ...process.env, CONTAINERS_CONF: containersConf(folder), ROOST_TEST_IMAGE: tag, ROOST_INTEGRATION: "1" }
  const node = process.execPath
  const steps: ReadonlyArray<readonly [name: string, run: () => Promise<boolean>]> = [
    ["bundles", () => run("npx", ["--no-install", "nx", "run-many", "-t", "build"], env)],
    ["two builds, one image", async () => isReproducible(base)],
    ["Python's and Go's tools", () => succeeds(() => (installPythonTools(), goTool("helm")))],
    ["the package of Debian", () => succeeds(() => testPackage(folder, architecture))],
    ["the chart", () => succeeds(() => checkChart(folder))],
    [
      "the contract and raw products, in containers",
      () => run(node, [vitest, "run", "--config", "vitest.config.ts", ...suites], env)
    ],
    ["compose.yaml", () => succeeds(() => testCompose(folder, tag, env))],
    ["the chart's pods", () => succeeds(() => playChart(folder, tag, env))]
  ]
  let good = true
  try {
    for (const [name, step] of steps) {
      const began = Date.now()
      process.stdout.write(`\n== ${name}\n`)
      const passed = await step()
      process.stdout.write(`${passed ? "passed" : "FAILED"}: ${name}, ${Math.round((Date.now() - began) / 1000)} s\n`)
      good &&= passed
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return good
}

const vitest = join(repository, "node_modules/vitest/vitest.mjs")
const suites = ["Contract", "RawProducts"].map((name) => `tools/interop/test/${name}.test.ts`)

const isReproducible = (base: string): boolean => {
  const build = () => buildImage({ tag, architecture, base, builder: "buildah" })
  const [first, second] = [build(), build()]
  process.stdout.write(`${first}\n${second}\n`)
  return first === second
}

const run = async (command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv): Promise<boolean> => {
  const child = spawn(command, args, { cwd: repository, env, stdio: "inherit" })
  const [code] = await once(child, "exit")
  return code === 0
}

const succeeds = async (step: () => unknown): Promise<boolean> => {
  try {
    await step()
    return true
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return false
  }
}
