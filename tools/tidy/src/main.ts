import { answerFirst } from "@roost/observability"
import { fileURLToPath } from "node:url"
import { checks } from "./checks.ts"
import { readRepository } from "./Repository.ts"

const usage = `node tools/tidy/src/main.ts
Checks the repository itself: layers, names, sizes of files, proofs of SECURITY.md, variables, references,
citations, width of lines, length of sentences.`

const main = (): number => {
  const repository = readRepository(fileURLToPath(new URL("../../..", import.meta.url)))
  const findings = checks.flatMap((check) => check(repository))
  for (const { line, message, path } of findings) {
    process.stderr.write(`${path}${line === undefined ? "" : `:${line}`}: ${message}\n`)
  }
  process.stdout.write(
    `${repository.files.size} files, ${repository.projects.length} projects: ${findings.length} findings\n`
  )
  return findings.length === 0 ? 0 : 1
}

process.exitCode = answerFirst({ name: "tidy", usage, flags: [] }) ?? main()
