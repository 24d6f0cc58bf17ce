import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "vitest"
import { corpusFile, crashersFile } from "../src/Campaign.ts"
import { fuzzProjects } from "../src/FuzzBundle.ts"
import type { FuzzTarget } from "../src/FuzzTarget.ts"
import { readInputs } from "../src/InputFile.ts"

const root = resolve(import.meta.dirname, "../../..")

for (const project of fuzzProjects(root)) {
  const file = pathToFileURL(resolve(root, "libs", project, "fuzz/FuzzTargets.ts")).href
  const { fuzzTargets } = (await import(file)) as { readonly fuzzTargets: ReadonlyArray<FuzzTarget> }
  describe(`inputs of ${project}`, () => {
    for (const target of fuzzTargets) {
      it(`${target.name} takes its corpus, and whatever it once failed with`, () => {
        const corpus = readInputs(corpusFile(root, { project, target: target.name }))
        assert.isAbove(corpus.length, 0, "no corpus: npm run fuzz -- --save")
        const crashers = readInputs(crashersFile(root, { project, target: target.name }))
        for (const input of [...target.seeds(), ...corpus, ...crashers]) target.run(new Uint8Array(input))
      })
    }
  })
}
