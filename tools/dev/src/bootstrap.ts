import { spawnSync } from "node:child_process"
import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { parseArgs } from "node:util"
import { type Need, needsOf, type Occasion } from "./Packages.ts"

/**
 * Brings what a bare Debian machine lacks, through its package manager; says what to install where that is not
 * possible. Prints nothing when everything is there.
 */
const main = (): number => {
  const { values } = parseArgs({
    options: { for: { type: "string", default: "start" }, check: { type: "boolean", default: false } }
  })
  if (!isOccasion(values.for)) {
    process.stderr.write(`bootstrap: --for takes ${occasions.join(", ")}, not ${JSON.stringify(values.for)}\n`)
    return 2
  }
  if (bringsServer.has(values.for) && !values.check && isOnPath("apt-get")) bringNewerNatsServer()
  const missing = needsOf(values.for).filter((need) => !isThere(need))
  if (missing.length === 0) return 0
  for (const { command, debianPackage, purpose } of missing) {
    process.stderr.write(`missing: ${command} (Debian package ${debianPackage}): ${purpose}\n`)
  }
  if (values.check) return 1
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))]
  if (!isOnPath("apt-get") || process.getuid?.() !== 0) return instruct(packages)
  install(packages)
  const still = missing.filter((need) => !isThere(need))
  return still.length === 0 ? 0 : instruct(still.map(({ debianPackage }) => debianPackage))
}

const install = (packages: ReadonlyArray<string>): void => {
  process.stderr.write(`installing: ${packages.join(", ")}\n`)
  run("apt-get", ["update", "-qq"])
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages])
}

/** The durability tests want one that Debian 12 does not have; they say so themselves where it could not be brought. */
const bringNewerNatsServer = (): void => {
  spawnSync(join(import.meta.dirname, "newerNatsServer.sh"), { stdio: ["ignore", "ignore", "inherit"] })
}

const run = (command: string, args: ReadonlyArray<string>): void => {
  const { status, stderr, stdout } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    maxBuffer: 64 * 1024 * 1024
  })
  if (status === 0) return
  const output = `${stdout}${stderr}`.trim().split("\n").slice(-10).join("\n")
  process.stderr.write(`${command} ${args.join(" ")} ended with ${status}:\n${output}\n`)
}

const instruct = (packages: ReadonlyArray<string>): number => {
  const names = [...new Set(packages)].join(" ")
  process.stderr.write(`install it and try again, on Debian or Ubuntu: sudo apt-get install ${names}\n`)
  return 1
}

const isThere = ({ command, file }: Need): boolean => (file === undefined ? isOnPath(command) : existsSync(file))

/** Debian keeps some servers in folders that are on root's PATH only. */
const isOnPath = (command: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"].some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

const occasions: ReadonlyArray<Occasion> = ["start", "test", "interop", "openapi", "browser"]
/** Occasions that run tests which want the newer nats-server. */
const bringsServer: ReadonlySet<Occasion> = new Set(["test", "interop", "openapi"])
const isOccasion = (text: string): text is Occasion => (occasions as ReadonlyArray<string>).includes(text)

process.exitCode = main()
