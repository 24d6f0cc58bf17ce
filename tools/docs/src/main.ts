import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { answerFirst } from "@roost/observability"
import { root } from "./Clone.ts"
import { dashboardFiles } from "./Dashboards.ts"
import type { Finding } from "./Mark.ts"
import { metricsPage } from "./Metrics.ts"
import { readPages } from "./Pages.ts"
import { Readers } from "./Readers.ts"
import { specifications } from "./Specifications.ts"
import { variablesPage } from "./Variables.ts"

const usage = `npm run docs -- [PAGE …]
Runs the commands of the pages, or of those whose path contains PAGE, against a Roost of its own.
  --list    only says what each page has, and what is not marked
  --write   only makes docs/cli.md, docs/metrics.md, docs/variables.md, deploy/grafana/ and openapi/ anew, after what they are made of was changed
`

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const tell = ({ line, message, page }: Finding): void => print(`${page}:${line}: ${message}`)

const main = async (): Promise<number> => {
  const answered = answerFirst({ name: "npm run docs", usage, flags: ["--list", "--write"] })
  if (answered !== undefined) return answered
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { list: { type: "boolean" }, write: { type: "boolean" } }
  })
  if (values.write === true) {
    writeFileSync(join(root, "docs/metrics.md"), metricsPage())
    writeFileSync(join(root, "docs/variables.md"), variablesPage())
    const made = ["docs/metrics.md", "docs/variables.md"]
    for (const [file, dashboard] of Object.entries(dashboardFiles())) {
      writeFileSync(join(root, file), dashboard)
      made.push(file)
    }
    for (const [file, specification] of Object.entries(specifications)) {
      writeFileSync(join(root, file), JSON.stringify(specification()))
      made.push(file)
    }
    spawnSync(process.execPath, [join(root, "tools/roost/src/writePage.ts")], { stdio: "inherit" })
    spawnSync("npx", ["oxfmt", ...made, "docs/cli.md"], { cwd: root, stdio: "inherit" })
    return 0
  }
  const pages = readPages().filter(({ path }) => positionals.length === 0 || positionals.some((p) => path.includes(p)))
  const unmarked = pages.flatMap(({ findings }) => findings)
  unmarked.forEach(tell)
  if (values.list === true) {
    for (const { path, steps } of pages) print(`${String(steps.length).padStart(4)} run in ${path}`)
    return unmarked.length === 0 ? 0 : 1
  }
  await using readers = new Readers()
  let failures = unmarked.length
  for (const page of pages) {
    if (page.steps.length === 0) continue
    const { blocks, findings, leftOut } = await readers.read(page, ({ block }) => print(`${block.page}:${block.line}`))
    failures += findings.length
    findings.forEach(tell)
    leftOut.forEach(tell)
    print(`${page.path}: ${blocks} blocks ran, ${findings.length} failed`)
  }
  return failures === 0 ? 0 : 1
}

// Programs that the run started end with the process, as they are told to.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))

process.exitCode = await main()
