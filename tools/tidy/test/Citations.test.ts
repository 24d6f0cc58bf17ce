import { resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { checkCitations } from "../src/Citations.ts"
import { readRepository } from "../src/Repository.ts"

const real = readRepository(resolve(import.meta.dirname, "../../.."))

it("cites nothing that is not in the repository, and has a test for every clause and case", () => {
  assert.deepStrictEqual(checkCitations(real), [])
})

/** Every path, and the text of what is cited below. */
const bare = new Map(
  [...real.files].map(([path, text]) => [path, /^docs\/(?:con|enos|arch)|Tuning\.test/.test(path) ? text : ""])
)
const faultsIn = (path: string, text: string, files: ReadonlyMap<string, string> = bare): ReadonlyArray<string> =>
  checkCitations({ files: new Map([...files, [path, text]]), projects: [] })
    .filter((finding) => finding.path === path)
    .map(({ line, message }) => `${line}: ${message}`)
/** In pieces, so that this file cites nothing that is not there. */
const sign = "§"

describe("a citation of nothing is found", () => {
  for (const [what, path, text, expected] of [
    [
      "a clause",
      "libs/x/src/X.ts",
      `/** As asked (contract ${sign}3.99). */`,
      "1: contract §3.99: no such section or clause"
    ],
    [
      "the end of a range",
      "docs/x.md",
      `See enos-protocol ${sign}3.1.6–3.1.99.`,
      "1: enos-protocol §3.1.99: no such section or clause"
    ],
    [
      "the second of two",
      "docs/x.md",
      `\n\ncontract ${sign}7.8, ${sign}7.99`,
      "3: contract §7.99: no such section or clause"
    ],
    [
      "a section of architecture.md",
      "libs/x/src/X.ts",
      `// docs/architecture.md ${sign}99`,
      "1: architecture §99: no such section or clause"
    ],
    [
      "a section of no document",
      "libs/x/src/X.ts",
      `const a = 1 // (${sign}4.2)`,
      "1: §4.2: of which document? Name it before the §"
    ],
    [
      "a document that is not here",
      "docs/x.md",
      `As design ${sign}3 has it.`,
      "1: §3: of which document? Name it before the §"
    ],
    [
      "a case in a comment",
      "libs/x/src/X.ts",
      `/**\n * Dropped (C${"99"}).\n */`,
      `1: C${"99"}: no such case in docs/conformance.md`
    ],
    [
      "a case in a test's title",
      "libs/x/test/X.test.ts",
      `it("drops it (trust E${"99"})", f)`,
      `1: trust E${"99"}: no such case in docs/conformance.md`
    ],
    ["a decision record", "docs/x.md", `ADR ${"99"} says why.`, `1: ADR ${"99"}: no such record`],
    ["a file in a comment", "libs/x/src/X.ts", `// as in Nothing${".ts"}`, `1: Nothing${".ts"}: no such file`],
    ["a page", "docs/x.md", `trust${".md"} says so`, `1: trust${".md"}: no such file`],
    [
      "a test",
      "docs/x.md",
      "`libs/coap/test/Tuning.test.ts`: `no such name`",
      `1: libs/coap/test/Tuning.test.ts has no test "no such name"`
    ]
  ] as const) {
    it(what, () => assert.deepStrictEqual(faultsIn(path, text), [expected]))
  }

  it("a clause and a case without a test that shows it", () => {
    const page = "docs/conformance.md"
    const findings = faultsIn(page, `${real.files.get(page)!}\n| D99 | nothing happens | nowhere | |\n`, real.files)
    assert.lengthOf(findings, 1)
    assert.include(findings[0], "D99: no test that shows it")
  })
})

describe("a citation is none, or leads somewhere", () => {
  for (const [what, path, text] of [
    [
      "sections of RFCs, each named or behind one that is",
      "libs/x/src/X.ts",
      `// RFC 6347 ${sign}4.1, ${sign}4.2.1–4.2.3 and HTML Standard ${sign}9.2`
    ],
    [
      "clauses, cases, records, files",
      "docs/x.md",
      `contract ${sign}7.12, C21, R1–R4, trust E3, ADR 1, \`Tuning.test.ts\`, docs/protocol.md`
    ],
    ["what has another letter", "docs/x.md", `{"site":"A${"99"}"}, B${"99"}`],
    ["what is fenced, and code", "docs/x.md", `\`\`\`\n${sign}99 C${"99"}\n\`\`\``],
    ["code of a source", "libs/x/src/X.ts", `const C${"99"} = "${sign}1"`]
  ] as const) {
    it(what, () => assert.deepStrictEqual(faultsIn(path, text), []))
  }
})
