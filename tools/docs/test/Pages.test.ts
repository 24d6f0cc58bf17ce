import { afterAll, assert, describe, it } from "vitest"
import { apps } from "../src/Clone.ts"
import { readMetrics } from "../src/Metrics.ts"
import { readPages } from "../src/Pages.ts"
import { Readers, rehearsal } from "../src/Readers.ts"

// Every command of the pages that is marked to run, as a reader pastes it: against `npm start`, in a clone of its own.

const readers = new Readers()
afterAll(() => readers[Symbol.asyncDispose](), 120_000)

/** The longest page, on a busy machine. */
const pageMillisMax = 600_000

describe("docs/metrics.md", () => {
  it(
    "has what the running apps answer with",
    async () => {
      const known = readMetrics()
      for (const app of apps) {
        const ofApp = new Set(known.filter((metric) => metric.apps.includes(app)).map(({ name }) => name))
        const answered = await readers.metricsOf(app)
        assert.isAbove(answered.length, 20)
        assert.deepStrictEqual(
          answered.filter((name) => !ofApp.has(name)),
          [],
          app
        )
      }
    },
    pageMillisMax
  )
})

describe("what a reader pastes does what the page says", () => {
  it(
    "npm start, which prints lines to try",
    async () => {
      const { blocks, findings } = await readers.readAnnounced()
      assert.deepStrictEqual(findings, [])
      assert.isAtLeast(blocks, 4)
    },
    pageMillisMax
  )

  for (const page of readPages()) {
    if (page.steps.length === 0 || page.path === rehearsal) continue
    it(
      page.path,
      async () => {
        const { findings } = await readers.read(page)
        assert.strictEqual(
          findings.map(({ line, message, page: path }) => `${path}:${line}: ${message}`).join("\n"),
          ""
        )
      },
      pageMillisMax
    )
  }
})
