import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { spawnSync } from "node:child_process"
import { startRoost, type TestRoost } from "./TestRoost.ts"
import {
  clientsFolder,
  installTools,
  nodeTool,
  nodeTools,
  type Outcome,
  pythonFolder,
  pythonTool,
  run
} from "./Toolbox.ts"

/**
 * How many requests schemathesis makes up for each operation, good ones and as many bad ones, once it has gone through what the
 * specification names. A number and one seed, not a time: the same requests on every machine.
 */
const examplesPerOperation = 25
/** Lines of a failed tool's output that are shown. */
const linesShown = 300

const help = `npm run openapi: the HTTP APIs against their specifications, with a Roost of its own.
  spectral and redocly find nothing to say of the specifications; schemathesis finds no answer that they don't have;
  generated TypeScript and Python clients compile and do what an application does.
  -- --examples ${examplesPerOperation}   how many requests schemathesis makes up for each operation
  -- --only registry   of one API`

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      examples: { type: "string", default: String(examplesPerOperation) },
      only: { type: "string" }
    }
  })
  if (values.help) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  spawnSync(process.execPath, ["tools/dev/src/bootstrap.ts", "--for", "openapi"], { cwd: root, stdio: "inherit" })
  if (!(await step("tools", installTools))) return 1
  const directory = mkdtempSync(join(tmpdir(), "roost-openapi-"))
  let roost: TestRoost | undefined
  try {
    const started = await step("a Roost", async () => {
      roost = await startRoost()
      return { ok: true, output: "with a device and a receiver of webhooks" }
    })
    if (!started || roost === undefined) return 1
    return await checks(roost, directory, values.examples, values.only)
  } finally {
    await roost?.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

const checks = async (roost: TestRoost, directory: string, examples: string, only?: string): Promise<number> => {
  let good = true
  const check = async (name: string, work: () => Promise<Outcome>) => {
    good = (await step(name, work)) && good
  }
  const services = roost.services.filter(({ name }) => only === undefined || name === only)
  const specOf = (name: string) => join(directory, `${name}.json`)
  for (const { name, url } of roost.services) {
    writeFileSync(specOf(name), await (await fetch(`${url}/openapi.json`)).text())
  }
  for (const { name } of services) {
    await check(`${name}: spectral`, () =>
      node("spectral", ["lint", "--fail-severity", "hint", "-r", join(clientsFolder, ".spectral.yaml"), specOf(name)])
    )
    await check(`${name}: redocly`, () =>
      strict(node("redocly", ["lint", "--format", "stylish", specOf(name)]), /warning/i)
    )
  }
  const clients = writeClients(directory)
  await check("TypeScript client", () => typescriptClient(roost, clients, specOf))
  await check("Python client", () => pythonClient(roost, clients, specOf))
  for (const { name, url } of services) {
    await check(`${name}: schemathesis`, () => schemathesis(roost, specOf(name), url, examples, directory))
  }
  return good ? 0 : 1
}

/** Says what runs, then how it ended and how long it took; of what failed, all that it said. */
const step = async (name: string, work: () => Promise<Outcome>): Promise<boolean> => {
  process.stdout.write(`${name.padEnd(32)} `)
  const began = Date.now()
  const { ok, output } = await work().catch((error: unknown): Outcome => ({ ok: false, output: String(error) }))
  const lines = output.trim().split("\n")
  const took = `${((Date.now() - began) / 1000).toFixed(1)} s`.padStart(8)
  process.stdout.write(`${ok ? "good  " : "FAILED"} ${took}  ${ok ? lines.at(-1)!.slice(0, 120) : ""}\n`)
  if (!ok)
    process.stdout.write(
      `${lines
        .slice(-linesShown)
        .map((line) => `  | ${line.slice(0, 600)}`)
        .join("\n")}\n`
    )
  return ok
}

const node = (tool: string, args: ReadonlyArray<string>, cwd?: string): Promise<Outcome> =>
  run(process.execPath, [nodeTool(tool), ...args], cwd === undefined ? {} : { cwd })

/** A tool that ends with 0 although it said something. */
const strict = async (outcome: Promise<Outcome>, complaint: RegExp): Promise<Outcome> => {
  const { ok, output } = await outcome
  return { ok: ok && !complaint.test(output), output }
}

const writeClients = (directory: string): string => {
  const clients = join(directory, "clients")
  mkdirSync(clients)
  for (const file of readdirSync(clientsFolder).filter((name) => name.endsWith(".ts") || name === "tsconfig.json")) {
    cpSync(join(clientsFolder, file), join(clients, file))
  }
  writeFileSync(join(clients, "package.json"), `{"type":"module"}`)
  symlinkSync(join(nodeTools, "node_modules"), join(clients, "node_modules"))
  return clients
}

const inOrder = async (works: ReadonlyArray<() => Promise<Outcome>>): Promise<Outcome> => {
  let output = ""
  for (const work of works) {
    const outcome = await work()
    output += outcome.output
    if (!outcome.ok) return { ok: false, output }
  }
  return { ok: true, output }
}

const typescriptClient = (roost: TestRoost, clients: string, specOf: (name: string) => string): Promise<Outcome> =>
  inOrder([
    ...roost.services.map(
      ({ name }) =>
        () =>
          node("openapi-typescript", [specOf(name), "-o", join(clients, `${name}.ts`)])
    ),
    () => node("tsc", ["-p", clients]),
    () => run(process.execPath, [join(clients, "scenario.ts")], { env: roost.env })
  ])

/** Its generator knows no bodies of lines: the import of devices is not in the client. */
const pythonClient = (roost: TestRoost, clients: string, specOf: (name: string) => string): Promise<Outcome> => {
  const packages = join(clients, "python")
  mkdirSync(packages)
  const env = { PATH: `${resolve(pythonTool("x"), "..")}:${process.env["PATH"]}` }
  const generate = (name: string) => async () => {
    const folder = join(packages, name.replaceAll("-", "_"))
    const args = ["generate", "--path", specOf(name), "--output-path", folder, "--meta", "none", "--overwrite"]
    const { ok, output } = await run(pythonTool("openapi-python-client"), args, { env })
    const lost = output.split("\n").filter((line) => /^WARNING|will not be generated|Unable to process/.test(line))
    return { ok: ok && lost.every((line) => unreadable.some((path) => line.includes(path))), output }
  }
  return inOrder([
    ...roost.services.map(({ name }) => generate(name)),
    () => run(pythonTool("python"), ["-m", "compileall", "-q", packages]),
    () =>
      run(pythonTool("python"), [join(pythonFolder, "scenario.py")], { env: { ...roost.env, ROOST_CLIENTS: packages } })
  ])
}

/** Lines of JSON, and a capture of packets: the generator knows neither type, and says so. */
const unreadable = ["/devices:import", "/recordings/{id}/pcapng"]

const schemathesis = async (
  roost: TestRoost,
  spec: string,
  url: string,
  examples: string,
  cwd: string
): Promise<Outcome> => {
  const { ok, output } = await run(
    pythonTool("schemathesis"),
    [
      ["--config-file", join(pythonFolder, "schemathesis.toml"), "run", spec, "--url", url, "--no-color"],
      ["--header", `Authorization: Bearer ${roost.token}`, "--exclude-path", "/v1/events", "--seed", "1"],
      ["--phases", "examples,coverage,fuzzing", "--max-examples", examples]
    ].flat(),
    {
      cwd,
      env: { ...roost.env, PYTHONDONTWRITEBYTECODE: "1", SCHEMATHESIS_HOOKS: "hooks", PYTHONPATH: pythonFolder },
      // Of 55 operations; on a machine with much else to do.
      millisMax: 900_000
    }
  )
  const requests = /(\d+) generated/.exec(output)?.[1]
  return { ok, output: ok ? `${requests} requests, and every answer as the specification has it` : output }
}

const root = resolve(import.meta.dirname, "../../..")

process.exitCode = await main()
