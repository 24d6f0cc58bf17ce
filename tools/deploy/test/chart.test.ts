import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { chartFiles, chartFolder, chartSchema, chartValues } from "../src/chart.ts"

const inChart = (path: string): string => readFileSync(join(chartFolder, path), "utf8")

describe("the chart", () => {
  it.each(chartFiles())("has %s as the rest of the repository has it: npm run chart brings it", (path, from) => {
    assert.strictEqual(inChart(path), readFileSync(from, "utf8"))
  })

  const values = chartValues(inChart("values.yaml"))

  it("has a sentence for each of its values", () => {
    assert.deepStrictEqual(
      values.filter(({ meaning }) => meaning === "").map(({ path }) => path),
      []
    )
    assert.isAbove(values.length, 50)
  })

  it("has the schema that its values make: npm run chart writes it", () => {
    assert.deepStrictEqual(JSON.parse(inChart("values.schema.json")), JSON.parse(chartSchema(values)))
  })

  it("names each of its values in its README: npm run chart writes it", () => {
    const readme = inChart("README.md")
    for (const { path } of values) assert.include(readme, `| \`${path}\``)
  })
})
