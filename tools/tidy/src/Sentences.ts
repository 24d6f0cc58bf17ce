import { proseOf } from "./Prose.ts"
import type { Finding, Repository } from "./Repository.ts"

/** Words of a sentence in comments and pages. */
export const sentenceWordsMax = 25

/** How many longer sentences a folder has from before the rule: it may have fewer, and never more. */
export type LongSentences = Readonly<Record<string, number>>

export interface Sentence {
  readonly path: string
  /** Of the paragraph that it stands in, from 1. */
  readonly line: number
  readonly text: string
  readonly words: number
}

/** Sentences that nobody reads to their end, in the folders that have more of them than `allowed` says. */
export const checkSentences = (
  { files }: Repository,
  allowed: LongSentences = JSON.parse(files.get(allowedPath) ?? "{}") as LongSentences
): ReadonlyArray<Finding> => {
  const byFolder = Map.groupBy(
    [...files].flatMap(([path, text]) => longSentencesOf(path, text)),
    ({ path }) => folderOf(path)
  )
  return [...byFolder].flatMap(([folder, sentences]) => {
    const most = allowed[folder] ?? 0
    if (sentences.length <= most) return []
    return sentences.map(({ line, path, text, words }) => ({
      path,
      line,
      message: `${words} words, at most ${sentenceWordsMax}: make two of it (${folder} may have ${most} such, has ${sentences.length}): ${text.slice(0, shownLength)}`
    }))
  })
}

/** The numbers for `allowedPath`, as they are now. */
export const longSentencesIn = ({ files }: Repository): LongSentences => {
  const counts: Record<string, number> = {}
  for (const [path, text] of files) {
    const { length } = longSentencesOf(path, text)
    if (length > 0) counts[folderOf(path)] = (counts[folderOf(path)] ?? 0) + length
  }
  return Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b)))
}

export const longSentencesOf = (path: string, text: string): ReadonlyArray<Sentence> =>
  isRead(path)
    ? proseOf(path, released(path, text)).flatMap((block) =>
        isProse(block.text)
          ? sentencesOf(block.text)
              .map((sentence) => ({ path, line: block.line, text: sentence, words: wordsOf(sentence) }))
              .filter(({ words }) => words > sentenceWordsMax)
          : []
      )
    : []

const allowedPath = "tools/tidy/longSentences.json"
const shownLength = 60

/** The protocol page quotes; generated pages have their words from elsewhere. */
const isRead = (path: string): boolean =>
  /\.(?:ts|tsx|mjs|md)$/.test(path) && path !== "docs/contract.md" && !/(?:^|\/)(?:openapi|fixtures)\//.test(path)

const folderOf = (path: string): string => /^(?:(?:apps|libs|tools)\/[^/]+|[^/]+(?=\/))/.exec(path)?.[0] ?? "."

/** The unreleased section of the log of changes is edited with its version. */
const released = (path: string, text: string): string =>
  path === "CHANGELOG.md"
    ? text.replace(/^## Unreleased$[^]*?(?=^## \d)/m, (part) => part.replaceAll(/[^\n]/g, ""))
    : text

/** No row of a table, no quotation, no HTML, no link's address. */
const isProse = (text: string): boolean => !/^(?:\||>|<|\[[^\]]+\]:)/.test(text)

/** A dot ends a sentence before a capital, code, a quotation or a name such as `nats-server`, and so does the end of the block. */
const sentencesOf = (text: string): ReadonlyArray<string> =>
  text
    .replace(/^(?:[-*#]+|\d+\.) /, "")
    .split(/(?<=[.!?][)"`*_]*)\s+(?=[A-Z`"*_([\d]|[a-z]+[-:][a-z])/)
    .filter((sentence) => sentence.trim() !== "")

/** Code and a link's text count, each piece of code as one word; addresses and signs do not. */
const wordsOf = (sentence: string): number =>
  sentence
    .replaceAll(/`[^`]*`/g, "code")
    .replaceAll(/\]\([^)]*\)/g, "]")
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length
