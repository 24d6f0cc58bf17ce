import { answerFirst } from "@roost/observability"
import { missing, programPackages, thirdPartyClients } from "@roost/testkit"
import { spawnSync } from "node:child_process"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { builtClients, unavailable } from "./clients/BuiltClients.ts"

const usage = `npm run interop -- [--list]
Builds third-party clients, and runs scenarios with them against a Roost of its own.
  --list    which clients this machine has, and what those that it has not are waiting for`

/**
 * `npm run interop`: builds the clients of src/clients and runs scenarios/ with them against a Roost of its own.
 * `-- --list`: which third-party clients this machine has, and what those that it has not are waiting for.
 */
const main = (): number => {
  const answered = answerFirst({ name: "npm run interop", usage, flags: ["--list"] })
  if (answered !== undefined) return answered
  const { values } = parseArgs({ options: { list: { type: "boolean", default: false } } })
  return values.list ? list() : run()
}

const list = (): number => {
  for (const { name, program } of thirdPartyClients) {
    const reason = program === undefined || !isProgram(program) ? undefined : missing(program)
    print(name, reason ?? "available, npm test")
  }
  for (const client of builtClients) print(client.name, unavailable(client) ?? "can be built, npm run interop")
  return 0
}

const run = (): number => {
  bootstrap()
  const built: Array<string> = []
  for (const client of builtClients) {
    const reason = unavailable(client) ?? client.build()
    print(client.name, reason ?? "built")
    if (reason === undefined) built.push(client.name)
  }
  if (built.length === 0) {
    process.stdout.write("interop: no client could be built, nothing was run\n")
    return 0
  }
  const vitest = spawnSync(
    process.execPath,
    [resolve(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "tools/interop/vitest.config.ts"],
    { cwd: root, stdio: "inherit", env: { ...process.env, ROOST_INTEROP_CLIENTS: built.join(",") } }
  )
  return vitest.status ?? 1
}

/** The run reports the lacking parts with the client that needs them. */
const bootstrap = (): void =>
  void spawnSync(process.execPath, ["tools/dev/src/bootstrap.ts", "--for", "interop"], { cwd: root, stdio: "inherit" })

const isProgram = (program: string): program is keyof typeof programPackages => Object.hasOwn(programPackages, program)

const print = (name: string, state: string): void => void process.stdout.write(`${name.padEnd(30)} ${state}\n`)

const root = resolve(import.meta.dirname, "../../..")

process.exitCode = main()
