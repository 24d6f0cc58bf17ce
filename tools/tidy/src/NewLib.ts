/** Layers that a new lib can be of; a protocol lib has a row of its own in Layers.ts, so it is made by hand. */
export const newLibLayers = ["contract", "runtime", "feature"] as const
export type NewLibLayer = (typeof newLibLayers)[number]

export interface NewLib {
  /** As its folder and its package are called: lower case, with hyphens. */
  readonly name: string
  readonly layer: NewLibLayer
  /** Of the workspace, such as 1.2.3. */
  readonly version: string
}

/** `imports-export` → `ImportsExport`: what its first file defines. */
const typeNameOf = (name: string): string =>
  name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Why no lib can have this name; undefined where one can. `taken`: the folders of libs/. */
export const nameFault = (name: string, taken: ReadonlyArray<string>): string | undefined => {
  if (!/^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/.test(name)) {
    return `${JSON.stringify(name)} is no name of a lib: lower-case words with hyphens, such as device-registry`
  }
  if (/^(?:utils?|helpers?|common|misc|types|shared)$/.test(name)) {
    return `${name} says nothing: name the lib after what it defines`
  }
  return taken.includes(name) ? `libs/${name} is there already` : undefined
}

/** The files of a new lib, by their path from the root: it passes lint, typecheck, test and tidy as it is. */
export const filesOfLib = ({ layer, name, version }: NewLib): ReadonlyMap<string, string> => {
  const tags = layer === "feature" ? [`layer:feature`, `feature:${name}`] : [`layer:${layer}`]
  const type = typeNameOf(name)
  const files = {
    "package.json": json({
      name: `@roost/${name}`,
      version,
      private: true,
      description: `One sentence: what ${type} is for.`,
      type: "module",
      exports: { ".": "./src/index.ts" }
    }),
    "project.json": json({
      name,
      $schema: "../../node_modules/nx/schemas/project-schema.json",
      sourceRoot: `libs/${name}/src`,
      projectType: "library",
      tags,
      targets: { lint: {}, typecheck: {}, test: {} }
    }),
    "tsconfig.json": json({
      extends: "../../tsconfig.base.json",
      compilerOptions: { types: ["node"] },
      include: ["src", "test", "benchmark", "fuzz"]
    }),
    "README.md": `# @roost/${name}\n\nWhat it does, for whom, and what it refuses to do.\n\n| limit | value |\n| ----- | ----- |\n`,
    "src/index.ts": `export * from "./${type}.ts"\n`,
    [`src/${type}.ts`]: `/** What it is, with units, errors and the source of its rules. */\nexport interface ${type} {\n  readonly name: string\n}\n`,
    [`test/${type}.test.ts`]: `import { assert, it } from "@effect/vitest"
import type { ${type} } from "../src/index.ts"

it("says what it is called", () => {
  const made: ${type} = { name: "${name}" }
  assert.strictEqual(made.name, "${name}")
})
`
  }
  return new Map(Object.entries(files).map(([path, text]) => [`libs/${name}/${path}`, text]))
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
