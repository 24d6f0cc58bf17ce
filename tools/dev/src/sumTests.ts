import { readFileSync } from "node:fs"
import type { TestCounts } from "./CountingReporter.ts"

/** Prints the failures that `CountingReporter` wrote, then the sum as one line; fails if no test ran or one failed. */
const file = process.argv[2]
if (file === undefined) throw new Error("sumTests takes the file of counts")
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const line of readFileSync(file, "utf8").split("\n")) {
  if (line === "") continue
  const counts = JSON.parse(line) as TestCounts
  for (const key of ["passed", "failed", "skipped"] as const) sum[key] += counts[key]
  for (const { name, said } of counts.failures) process.stdout.write(`\n✗ ${name}\n${said.replaceAll(/^/gmu, "  ")}\n`)
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ""}\n`)
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0
