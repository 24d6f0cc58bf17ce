import { appendFileSync } from "node:fs"
import type { Reporter, TestModule } from "vitest/node"

/**
 * Adds a project's test counts to the file that ROOST_TEST_COUNTS names. So one line can sum up all projects, whose tests
 * nx runs in a process each.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const file = process.env["ROOST_TEST_COUNTS"]
    if (file === undefined) return
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed" || state === "failed" || state === "skipped") counts[state]++
      }
      if (module.errors().length > 0) counts.failed++
    }
    appendFileSync(file, JSON.stringify(counts) + "\n")
  }
}
