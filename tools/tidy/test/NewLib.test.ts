import { assert, describe, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import { checks } from "../src/checks.ts"
import { filesOfLib, nameFault, newLibLayers, withFeature } from "../src/NewLib.ts"
import { readRepository, repositoryOf } from "../src/Repository.ts"

const real = readRepository(fileURLToPath(new URL("../../..", import.meta.url)))
const oxlintrc = real.files.get(".oxlintrc.json") ?? "{}"
const { version } = JSON.parse(real.files.get("package.json") ?? "{}") as { readonly version: string }

describe("a new lib", () => {
  for (const layer of newLibLayers) {
    it(`of the layer ${layer} has no finding as it is made`, () => {
      const made = filesOfLib({ name: "tide-table", layer, version })
      const repository = repositoryOf(new Map([...real.files, ...made]))
      assert.isTrue(
        repository.projects.some(({ name, tags }) => name === "@roost/tide-table" && tags.includes(`layer:${layer}`))
      )
      const findings = checks
        .flatMap((check) => check(repository))
        .filter(({ path }) => path.startsWith("libs/tide-table"))
      assert.deepStrictEqual(findings, [])
    })
  }

  it("that is a feature is no other feature's to import, in sources and tests", () => {
    const rowsOf = (text: string, tag: string) =>
      [
        ...text.replaceAll(/\s+/g, "").matchAll(/"sourceTag":"([^"]+)","onlyDependOnLibsWithTags":\[([^\]]*)\]/g)
      ].filter(([, source, allowed]) => source === tag || allowed!.includes(`"${tag}"`))
    const made = withFeature(oxlintrc, "tide-table")
    assert.deepStrictEqual(
      rowsOf(made, "feature:tide-table").map(([, source]) => source),
      ["feature:tide-table", "feature:tide-table"]
    )
    assert.lengthOf(rowsOf(made, "feature:edge"), rowsOf(oxlintrc, "feature:edge").length)
  })

  for (const [name, expected] of [
    ["Tide", "lower-case"],
    ["tide_table", "lower-case"],
    ["../tide", "lower-case"],
    ["utils", "says nothing"],
    ["edge", "already"]
  ] as const) {
    it(`is not made under the name ${name}`, () => {
      assert.include(nameFault(name, ["edge"]) ?? "nothing", expected)
    })
  }
})
