import { Command } from "effect/cli"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findLocalRoost } from "../context/LocalRoost.ts"
import { exitCodes } from "../ExitCode.ts"

/** Tools with flags of their own: what stands behind their name is theirs. */
const tools = {
  device: {
    description: "A device in software that prints every message of the protocol, and what it means",
    example: ["roost device --product-key demo --device-key demo-cli --device-secret SECRET --count 1", "One report"]
  },
  loadtest: {
    description: "Many devices in software; every response is verified",
    example: [
      "roost loadtest --registry http://127.0.0.1:8080 --devices 5000 --html report.html",
      "Load a Roost, and write a page about it"
    ]
  }
} as const

type Tool = keyof typeof tools

/** For `--help` and completions of `roost`; `runTool` has run them before. */
export const toolCommands = Object.entries(tools).map(([name, { description, example }]) =>
  Command.make(name).pipe(
    Command.withDescription(`${description}. roost ${name} --help has its flags.`),
    Command.withShortDescription(description),
    Command.withExamples([{ command: example[0], description: example[1] }])
  )
)

/** Runs the tool that the first word names, with all that follows. Undefined: it names none. */
export const runTool = ([name, ...args]: ReadonlyArray<string>): Promise<number> | undefined =>
  name !== undefined && Object.hasOwn(tools, name) ? spawnTool(name as Tool, args) : undefined

const spawnTool = (name: Tool, args: ReadonlyArray<string>): Promise<number> => {
  const local = findLocalRoost(process.env, process.cwd())
  const main = mainOf(name)
  if (main === undefined) {
    process.stderr.write(`roost ${name} is not a part of this build: npm run ${name}, in a clone of the repository\n`)
    return Promise.resolve(exitCodes.unusable.code)
  }
  const child = spawn(process.execPath, [main, ...args], {
    stdio: "inherit",
    // A device comes to the Roost of `npm start` wherever its port is.
    env: { ...(local === undefined ? {} : { ROOST_UDP_PORT: String(local.udpPort) }), ...process.env }
  })
  // Ctrl-C goes to both; the tool decides what it means.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => signal === "SIGINT" || child.kill(signal))
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("exit", (code, signal) => resolve(signal === "SIGINT" ? 130 : (code ?? 1)))
  })
}

/** In a bundle, what was bundled beside it; else the tool's own source. */
const mainOf = (name: Tool): string | undefined => {
  const bundled = join(import.meta.dirname, `${name}.mjs`)
  if (existsSync(bundled)) return bundled
  try {
    return fileURLToPath(
      import.meta.resolve(`@roost/tool-${name}/package.json`).replace(/package\.json$/, "src/main.ts")
    )
  } catch {
    return undefined
  }
}
