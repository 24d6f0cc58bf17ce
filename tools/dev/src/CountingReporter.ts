import { appendFileSync } from "node:fs"
import { relative } from "node:path"
import { stripVTControlCharacters } from "node:util"
import type { Reporter, TestModule } from "vitest/node"

/** A test, or a file, that failed: what it said is cut at `saidCharactersMax`. */
export interface TestFailure {
  readonly name: string
  readonly said: string
}

/** The results of one process's tests. */
export interface TestCounts {
  passed: number
  failed: number
  skipped: number
  readonly failures: Array<TestFailure>
}

/** Enough for a message, its difference and the frames of the test. A report of all of them is to be read on one screen each. */
const saidCharactersMax = 2_400
const framesMax = 4

interface Said {
  readonly message: string
  readonly diff?: string | undefined
  readonly stacks?: ReadonlyArray<{ readonly file: string; readonly line: number }> | undefined
}

const said = (errors: ReadonlyArray<Said>): string =>
  stripVTControlCharacters(
    errors
      .map(({ message, diff, stacks = [] }) =>
        [
          message,
          ...(diff === undefined ? [] : [diff]),
          ...stacks.slice(0, framesMax).map(({ file, line }) => `at ${relative("", file)}:${line}`)
        ].join("\n")
      )
      .join("\n")
  ).slice(0, saidCharactersMax)

/**
 * Adds a project's counts of tests, and what its failed ones said, to the file that ROOST_TEST_COUNTS names. So the end
 * of a run sums up all projects, whose tests nx runs in a process each, and names each failure once more.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<Said>): void {
    const file = process.env["ROOST_TEST_COUNTS"]
    if (file === undefined) return
    const counts: TestCounts = { passed: 0, failed: 0, skipped: 0, failures: [] }
    const failed = (name: string, errors: ReadonlyArray<Said>) => {
      counts.failed++
      counts.failures.push({ name, said: said(errors) })
    }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === "failed") failed(`${module.relativeModuleId} > ${test.fullName}`, result.errors)
        else if (result.state !== "pending") counts[result.state]++
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) failed(`${module.relativeModuleId} > ${suite.fullName}`, suite.errors())
      }
      if (module.errors().length > 0) failed(module.relativeModuleId, module.errors())
    }
    if (unhandled.length > 0) failed("outside of every test", unhandled)
    appendFileSync(file, JSON.stringify(counts) + "\n")
  }
}
