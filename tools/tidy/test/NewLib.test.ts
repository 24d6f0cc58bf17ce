import { assert, describe, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import { checks } from "../src/checks.ts"
import { checkLayers } from "../src/Layers.ts"
import { filesOfLib, nameFault, newLibLayers } from "../src/NewLib.ts"
import { readRepository, repositoryOf } from "../src/Repository.ts"

const real = readRepository(fileURLToPath(new URL("../../..", import.meta.url)))
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
    const made = [...filesOfLib({ name: "tide-table", layer: "feature", version: "1.2.3" })]
    for (const folder of ["src", "test"]) {
      const path = `libs/edge/${folder}/X.ts`
      const planted = [path, `import { TideTable } from "@roost/tide-table"\n`] as const
      const repository = repositoryOf(new Map([...real.files, ...made, planted]))
      const projects = repository.projects.map((project) =>
        project.name === "@roost/edge"
          ? { ...project, dependencies: { ...project.dependencies, "@roost/tide-table": "*" } }
          : project
      )
      const finding = checkLayers({ ...repository, projects }).find((each) => each.path === path)
      assert.include(finding?.message ?? "nothing", "may not use @roost/tide-table")
    }
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
