import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { answerFirst } from "@roost/observability"
import { cores } from "./Options.ts"
import { figuresIn } from "./MicroFigures.ts"

/**
 * `npm run bench:micro [-- WORD …]`: runs the benchmarks beside the libs whose path has one of the words. They run one
 * after the other on one core, and a table has their figures.
 */
const root = resolve(import.meta.dirname, "../../..")
const answered = answerFirst({
  name: "npm run bench:micro",
  usage: "npm run bench:micro -- [WORD …]\nRuns the benchmarks of the libs, those whose path has one of the words.",
  flags: []
})
if (answered !== undefined) process.exit(answered)
const words = process.argv.slice(2)
const programs = readdirSync(join(root, "libs"), { recursive: true, encoding: "utf8" })
  .filter((path) => /^[^/]+\/benchmark\/[^/]+\.ts$/.test(path))
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  .toSorted()

const { server: core } = cores()
const rows: Array<string> = []
for (const program of programs) {
  const path = join(root, "libs", program)
  process.stderr.write(`${relative(root, path)}\n`)
  const node = [process.execPath, "--expose-gc", "--max-old-space-size=8192", path]
  const [command = "", ...args] = core === undefined ? node : ["taskset", "-c", `${core}`, ...node]
  const { status, stderr, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" })
  if (status !== 0) {
    process.stderr.write(`  failed:\n${stderr}`)
    process.exitCode = 1
    continue
  }
  for (const { name, unit, value } of figuresIn(stdout)) {
    rows.push(`| ${program.split("/", 1)[0]} | ${name} | ${value} ${unit} |`)
  }
}
process.stdout.write(`| lib | what | |\n|---|---|---:|\n${rows.join("\n")}\n`)
