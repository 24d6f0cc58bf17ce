import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { runLocalRoost } from "./LocalRoost.ts"
import { StartFailure } from "./StartFailure.ts"
import type { Programs } from "./Programs.ts"
import { type Found, foundVariable, planDescriptor, type StartPlan } from "./StartPlan.ts"

// `npm start`: what its command line means is found out by a process that has ended before anything starts.

const { programs, root } = JSON.parse(process.env[foundVariable] ?? "{}") as Found
delete process.env[foundVariable]

/** The programs as they are now; those of the start, should their finder fail. */
const find = (): Programs => {
  const { stdout } = spawnSync(process.execPath, [join(root, "tools/dev/src/main.ts"), "--programs"], {
    encoding: "utf8"
  })
  try {
    return JSON.parse(stdout) as Programs
  } catch {
    return programs
  }
}

const start = async (): Promise<void> => {
  // A reader that left (`npm start | head`, or Ctrl-C that ended `tee` first) ends no Roost: it drains unseen.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
  const { output, status } = spawnSync(process.execPath, [programs.files.plan, ...process.argv.slice(2)], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    encoding: "utf8"
  })
  const text = output?.[planDescriptor] ?? ""
  // It was asked for help, or said what is wrong.
  if (status !== 0 || text === "") return process.exit(status ?? 1)
  const plan = JSON.parse(text) as StartPlan
  Object.assign(process.env, plan.variables)
  // The apps need not read it again.
  delete process.env["ROOST_CONFIG"]
  try {
    await runLocalRoost(plan, { root, programs, find })
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof StartFailure ? error.message : String((error as Error).stack)}\n`)
    process.exitCode = 1
  }
  process.exit()
}

await start()
