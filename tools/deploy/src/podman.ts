import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * Writes what podman needs to know of this machine as a file for CONTAINERS_CONF in `folder`. It may not ask for more than the machine
 * gives, and crun, its usual runtime, refuses a machine that has both kinds of control groups.
 */
export const containersConf = (folder: string): string => {
  const file = join(folder, "containers.conf")
  const limits = [`"nofile=${limitOf("n")}"`, `"nproc=${limitOf("u")}"`].join(", ")
  const runtime = hasProgram("runc") ? '\n[engine]\nruntime = "runc"\n' : ""
  // By names of containers: its older network knows none.
  const network = '\n[network]\nnetwork_backend = "netavark"\n'
  writeFileSync(file, `[containers]\ndefault_ulimits = [${limits}]\n${runtime}${network}`)
  return file
}

/** Soft and hard limit the same, as podman writes them. */
const limitOf = (letter: "n" | "u"): string => {
  const hard = spawnSync("sh", ["-c", `ulimit -H -${letter}`], { encoding: "utf8" }).stdout.trim()
  const value = /^\d+$/.test(hard) ? Math.min(Number(hard), containerLimitMax) : containerLimitMax
  return `${value}:${value}`
}

/** Files and processes of one container: more than any app has open. */
const containerLimitMax = 16_384

export const hasProgram = (name: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0
