import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { deviceEventKinds, strangerKinds } from "../src/index.ts"

const page = readFileSync(fileURLToPath(new URL("../../../docs/events.md", import.meta.url)), "utf8")

/** The rows of the table below a heading: a kind, and when it is. */
const tableOf = (heading: string): Record<string, string> => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ""
  return Object.fromEntries(
    [...section.matchAll(/^\| `([^`]+)` +\| (.*?) +\|$/gm)].map(([, kind, when]) => [kind, when])
  )
}

describe("docs/events.md", () => {
  it("has every kind of event, by its name and in its words, and no other", () => {
    assert.deepStrictEqual(tableOf("Of devices and products"), { ...deviceEventKinds })
    assert.deepStrictEqual(tableOf("Of strangers"), { ...strangerKinds })
  })
})
