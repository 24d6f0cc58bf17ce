import { posix } from "node:path"
import { type Block, blocksOf } from "./Prose.ts"
import type { Finding, Repository } from "./Repository.ts"

/** Pages whose sections and clauses are cited by number, by the word that stands before the §. */
const numbered: Readonly<Record<string, string>> = {
  contract: "docs/contract.md",
  "enos-protocol": "docs/enos-protocol.md",
  architecture: "docs/architecture.md"
}
/** The page whose rows are cited by id, such as C21 or trust E3. */
const casesPage = "docs/conformance.md"
/** Pages whose every row names the test that shows it. */
const shown = [...Object.values(numbered).slice(0, 2), casesPage]

/** Documents of others, whose sections can't be looked up here. */
const foreign = /(?:RFC \d{3,5}|HTML Standard|NIST SP [\w-]+|MQTT 5\.0|FIPS [\d-]+)[^§]*$/
const own = /(?:^|[^\w-])([Cc]ontract|enos-protocol|architecture)(?:\.md)?`?,? $/
/** Between two numbers of one document: `RFC 6347 §4.2.2, §4.2.3`, `§3.1 and §3.2`. */
const section = /§([A-Z\d][\d.]*(?<!\.))(?:–§?([\d.]+(?<!\.)))?/g
const caseId = /(?<![\w#./-])(trust (?=[A-G]\d)|(?=[CDFRS]\d))([A-Z])(\d{1,3})(?:–[A-Z]?(\d{1,3}))?(?![\w-]|\.\w)/g
const adr = /\bADR (\d+)\b/g
const fileName =
  /(?<![\w/.@:$}*-])((?:\.{0,2}\/)?(?:[\w@-][\w.@-]*\/)*[\w@-][\w.@-]*\.(?:ts|mjs|md|go|java|sh|py))(?![\w*(/])/g
/** Files that tell the past, and files that plant citations of nothing. */
const unread = new Set(["CHANGELOG.md", "tools/tidy/test/Citations.test.ts"])
/** Files that a command writes, and names that a reader replaces. */
const notHere = /^(?:main\.mjs|report\.md|FILE\.ts)$/
const testReference = /`([^`]+(?:\.test|\/test\/(?!support\/)[^`]+)\.ts)`:\s+`([^`]+)`/g

/** Citations of things that are not in the repository: sections, clauses, cases, decision records, files, tests. */
export const checkCitations = ({ files }: Repository): ReadonlyArray<Finding> => {
  const index = indexOf(files)
  const findings: Array<Finding> = []
  for (const [path, text] of files) {
    if (unread.has(path) || !/\.(?:ts|md|mjs|js)$/.test(path)) continue
    for (const block of blocksOf(path, text)) {
      for (const message of faultsOf(path, block, index, files)) findings.push({ path, line: block.line, message })
    }
  }
  for (const page of shown) findings.push(...rowsWithoutTest(page, files.get(page) ?? ""))
  return findings
}

interface Index {
  readonly sections: ReadonlyMap<string, ReadonlySet<string>>
  readonly cases: ReadonlySet<string>
  readonly records: ReadonlySet<number>
  /** Every path and every end of one that begins behind a slash. */
  readonly pathEnds: ReadonlySet<string>
}

const indexOf = (files: ReadonlyMap<string, string>): Index => {
  const pathEnds = new Set<string>()
  const records = new Set<number>()
  for (const path of files.keys()) {
    const parts = path.split("/")
    for (let i = 0; i < parts.length; i++) pathEnds.add(parts.slice(i).join("/"))
    const record = /^docs\/adr\/(\d{4})-[\w-]+\.md$/.exec(path)?.[1]
    if (record !== undefined) records.add(Number(record))
  }
  const sections = new Map(
    Object.entries(numbered).map(([name, page]) => {
      const text = files.get(page) ?? ""
      return [name, new Set([...text.matchAll(/^(?:#+|\|) (\d+(?:\.\d+)*)\.? /gm)].map(([, number]) => number!))]
    })
  )
  const cases = new Set([...(files.get(casesPage) ?? "").matchAll(/^\| ((?:trust )?[A-Z]\d+) /gm)].map(([, id]) => id!))
  return { sections, cases, records, pathEnds }
}

const faultsOf = (
  path: string,
  { text, isTitle }: Block,
  index: Index,
  files: ReadonlyMap<string, string>
): ReadonlyArray<string> => [
  ...sectionFaults(text, index),
  ...[...text.matchAll(caseId)].flatMap((match) => caseFaults(match, index)),
  ...[...text.matchAll(adr)]
    .filter(([, n]) => !index.records.has(Number(n)))
    .map(([cited]) => `${cited}: no such record`),
  ...(isTitle ? [] : fileFaults(path, text, index)),
  ...[...text.matchAll(testReference)]
    .filter(([, file, name]) => files.get(file!)?.includes(name!) !== true)
    .map(([, file, name]) => `${file} has no test "${name}"`)
]

const sectionFaults = (text: string, { sections }: Index): ReadonlyArray<string> => {
  const faults: Array<string> = []
  let document: string | undefined
  for (const match of text.matchAll(section)) {
    const before = text.slice(0, match.index)
    const page = own.exec(before)?.[1]
    if (page !== undefined) document = page.toLowerCase()
    else if (foreign.test(before.slice(before.lastIndexOf("§") + 1))) document = "foreign"
    const [cited, first, last] = match
    if (document === undefined) faults.push(`${cited}: of which document? Name it before the §`)
    else if (document !== "foreign") {
      for (const number of [first!, ...(last === undefined ? [] : [last])]) {
        if (!sections.get(document)!.has(number)) faults.push(`${document} §${number}: no such section or clause`)
      }
    }
  }
  return faults
}

const caseFaults = ([, trust = "", letter, first, last]: RegExpMatchArray, { cases }: Index): ReadonlyArray<string> =>
  [first!, ...(last === undefined ? [] : [last])]
    .map((number) => `${trust}${letter}${number}`)
    .filter((id) => !cases.has(id))
    .map((id) => `${id}: no such case in ${casesPage}`)

const fileFaults = (path: string, text: string, { pathEnds }: Index): ReadonlyArray<string> =>
  [...text.matchAll(fileName)]
    .map(([, cited]) => cited!)
    .filter((cited) => !notHere.test(cited))
    .filter((cited) => {
      const name = cited.replace(/^\//, "")
      return !pathEnds.has(name) && !pathEnds.has(posix.join(posix.dirname(path), name))
    })
    .map((cited) => `${cited}: no such file`)

const rowsWithoutTest = (page: string, text: string): ReadonlyArray<Finding> =>
  text.split("\n").flatMap((line, i) => {
    const id = /^\| ((?:trust )?[A-Z]\d+|\d+(?:\.\d+)+) /.exec(line)?.[1]
    if (id === undefined || line.search(testReference) >= 0 || /\]\([^)]+\) +\|$|outside Roost +\|$/.test(line))
      return []
    return [{ path: page, line: i + 1, message: `${id}: no test that shows it` }]
  })
