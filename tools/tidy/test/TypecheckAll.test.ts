import { globSync, readFileSync } from "node:fs"
import { dirname, join, matchesGlob } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"))

describe("typecheck-all of the workspace", () => {
  const { dependsOn } = read("project.json").targets["typecheck-all"]
  const alone: ReadonlyArray<string> = dependsOn[0].projects
  const all: { readonly compilerOptions: object; readonly include: ReadonlyArray<string> } = read("tsconfig.all.json")

  it("checks every project, those with options of their own by themselves", () => {
    const configs = globSync(["{apps,libs,tools}/*/tsconfig.json", "examples/tsconfig.json"], { cwd: root })
    assert.isAbove(configs.length, 30)
    for (const path of configs) {
      const folder = dirname(path)
      if (alone.includes(read(`${folder}/project.json`).name)) continue
      const { compilerOptions, include } = read(path)
      assert.deepStrictEqual(compilerOptions, all.compilerOptions, `${path}: name its project in dependsOn`)
      for (const part of include) {
        const files = globSync([`${folder}/${part}`, `${folder}/${part}/**/*.ts`], { cwd: root })
        if (!files.some((file) => file.endsWith(".ts"))) continue
        const isIn = all.include.some((pattern) => matchesGlob(`${folder}/${part}`, pattern))
        assert.isTrue(isIn, `${folder}/${part}: add it to tsconfig.all.json`)
      }
    }
  })
})
