import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * Brings what the tests of the examples need beside Node, by the first of each example's two commands. These are a virtual
 * environment for Python and the nats command. The run names the parts that the machine can't bring; the tests leave that example
 * out.
 */
const main = (): void => {
  print("python", preparePython())
  print("nats", prepareNats())
}

const preparePython = (): string => {
  const folder = join(examples, "python/target/venv")
  const requirements = join(examples, "python/requirements.txt")
  const stamp = join(folder, "requirements.txt")
  const wanted = readFileSync(requirements, "utf8")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return "is there"
  const failure =
    run("python3", ["-m", "venv", "--clear", folder]) ??
    run(join(folder, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", requirements])
  if (failure !== undefined) return failure
  writeFileSync(stamp, wanted)
  return "installed"
}

const prepareNats = (): string => {
  const folder = join(examples, "nats-cli/target")
  if (spawnSync("nats", ["--version"]).status === 0 || existsSync(join(folder, "nats"))) return "is there"
  mkdirSync(folder, { recursive: true })
  return run("go", ["install", natsCli], { GOBIN: folder }) ?? "installed"
}

/** Why it failed, in its last lines. */
const run = (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): string | undefined => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: runMillisMax
  })
  if (status === 0) return undefined
  return `missing: ${command} ${args.join(" ")}: ${error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n")}`
}

const print = (name: string, state: string): void => void process.stdout.write(`${name.padEnd(10)} ${state}\n`)

const examples = import.meta.dirname
/** Wants Go 1.26, which Go 1.21 and newer fetch by themselves; Debian 12 has 1.19. */
const natsCli = "github.com/nats-io/natscli/nats@v0.5.0"
/** Building the nats command takes one core about a minute. */
const runMillisMax = 600_000

main()
