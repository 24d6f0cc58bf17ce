import { answerFirst } from "@roost/observability"
import { fileURLToPath } from "node:url"
import { checkCitations } from "./Citations.ts"
import { checkConventions } from "./Conventions.ts"
import { checkLayers } from "./Layers.ts"
import { checkLineWidth } from "./LineWidth.ts"
import { checkProofs } from "./Proofs.ts"
import { checkReferences } from "./References.ts"
import { readRepository } from "./Repository.ts"
import { checkVariables } from "./Variables.ts"

const usage = `node tools/tidy/src/main.ts
Checks the repository itself: layers, names, sizes of files, proofs of SECURITY.md, variables, references,
citations, width of lines.`

const main = (): number => {
  const repository = readRepository(fileURLToPath(new URL("../../..", import.meta.url)))
  const checks = [
    checkLayers,
    checkConventions,
    checkProofs,
    checkVariables,
    checkReferences,
    checkCitations,
    checkLineWidth
  ]
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
