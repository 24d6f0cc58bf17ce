import { assert, describe, it } from "@effect/vitest"
import { keyMistakes } from "@roost/enos"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import {
  catalogue,
  chapters,
  entryOf,
  keyMistakeCode,
  refusalsHtml,
  refusalsMarkdown,
  type RefusalCode
} from "../src/index.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const codes = Object.keys(catalogue) as Array<RefusalCode>

/** The sources of all that refuses something, as one text. */
const sources = (): string => {
  const texts: Array<string> = []
  for (const part of ["libs", "tools/device", "apps"]) {
    for (const entry of readdirSync(root + part, { recursive: true, withFileTypes: true })) {
      const path = `${entry.parentPath}/${entry.name}`
      if (!entry.isFile() || !path.endsWith(".ts") || !path.includes("/src/")) continue
      if (/node_modules|\/libs\/explain\/src\/catalogue\//.test(path)) continue
      texts.push(readFileSync(path, "utf8"))
    }
  }
  return texts.join("\n")
}

/** Codes that are put together, by what they begin with: the rest is a name that the types hold to the catalogue. */
const composed = ["identity-", "time-", "payload-"]

describe("the catalogue of refusals", () => {
  it("has a code once, and sentences that stand by themselves", () => {
    const all = chapters.flatMap(({ entries }) => Object.keys(entries))
    assert.deepStrictEqual(all.toSorted(), codes.toSorted())
    for (const code of codes) {
      assert.match(code, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      const { cause, cure, sentence } = entryOf(code)
      for (const text of [sentence, cause, cure]) assert.match(text, /^[A-Z].*[.)]$/s, `${code}: ${text}`)
    }
  })

  it("has a mistake in deriving a key for each that is looked for", () => {
    for (const mistake of Object.keys(keyMistakes) as Array<keyof typeof keyMistakes>) {
      assert.property(catalogue, keyMistakeCode(mistake))
    }
  })

  it("has no entry that nothing reaches", () => {
    const text = sources()
    const unreached = codes.filter(
      (code) =>
        !code.startsWith("wrong-key-") &&
        !composed.some((begin) => code.startsWith(begin)) &&
        !text.includes(`"${code}"`)
    )
    assert.deepStrictEqual(unreached, [])
  })

  it("has every problem of the HTTP APIs, each with its link", () => {
    const declared = [...sources().matchAll(/type: "urn:roost:problem:([a-z-]+)"/g)].map(([, code]) => code!)
    const linked = new Set([...sources().matchAll(/linked\("([a-z-]+)"\)/g)].map(([, code]) => code!))
    assert.isAbove(declared.length, 30)
    assert.deepStrictEqual(
      declared.filter((code) => !(code in catalogue) || !linked.has(code)),
      []
    )
  })

  it("is docs/refusals.md, and the page that links lead to", () => {
    assert.strictEqual(readFileSync(`${root}docs/refusals.md`, "utf8"), refusalsMarkdown())
    const html = refusalsHtml()
    for (const code of codes) assert.include(html, `<article id="${code}">`)
  })
})
