/** A piece of prose in which one citation may lean on the one before it: a comment, a paragraph, a row, a test's title. */
export interface Block {
  /** Where it begins, from 1. */
  readonly line: number
  readonly text: string
  readonly isTitle: boolean
}

/** The prose of a source or a page; code and fenced blocks are left out. */
export const blocksOf = (path: string, text: string): ReadonlyArray<Block> =>
  path.endsWith(".md") ? blocksOfPage(text) : [...commentsOf(text), ...(isTest(path) ? titlesOf(text) : [])]

/** A file of tests: one that is run, or a part of it in a folder of its own. */
export const isTest = (path: string): boolean =>
  path.endsWith(".test.ts") || /\/test\/(?!(?:support|fixtures)\/).+\.ts$/.test(path)

/** The prose of a source or a page, each paragraph and list item by itself, without titles of tests. */
export const proseOf = (path: string, text: string): ReadonlyArray<Block> =>
  path.endsWith(".md") ? blocksOfPage(text) : paragraphsOf(text)

const blocksOfPage = (text: string): ReadonlyArray<Block> => {
  const prose = text.replaceAll(/^ *```[^]*?^ *```/gm, (fence) => fence.replaceAll(/[^\n]/g, ""))
  return joined(prose.split("\n"), (line) => (line.trim() === "" ? undefined : line), /^(?:\||#|\s*[-*] |\s*\d+\. )/)
}

/** Line comments, block comments, and what stands behind code in a line. */
const commentsOf = (text: string): ReadonlyArray<Block> => joined(text.split("\n"), commentReader())

/** As `commentsOf`, with paragraphs, list items and tags apart, and without what is indented as code. */
const paragraphsOf = (text: string): ReadonlyArray<Block> => {
  const commentOf = commentReader()
  return joined(
    text.split("\n"),
    (line) => {
      const comment = commentOf(line)
      return comment === undefined || comment.trim() === "" || /^ {3,}/.test(comment) ? undefined : comment
    },
    /^\s*(?:\/?\*+|\/\/)\s+(?:[-@|]|\d+\. )/
  )
}

/** Gives the comment in each line of a source, in order. */
const commentReader = (): ((line: string) => string | undefined) => {
  let inside = false
  return (line) => {
    const trimmed = line.trim()
    const begins = trimmed.startsWith("/*")
    if (inside || begins) {
      inside = !trimmed.includes("*/")
      return trimmed.replace(/^\/?\*+\/?/, "").replace(/\*\/.*$/, "")
    }
    return /(?:^|[\s;,{(])\/\/ (.*)$/.exec(line)?.[1]
  }
}

/** Texts with a blank in them, as tests are called. */
const titlesOf = (text: string): ReadonlyArray<Block> =>
  text.split("\n").flatMap((line, i) =>
    [...line.matchAll(/(["`])((?:(?!\1)[^\\]|\\.)*? (?:(?!\1)[^\\]|\\.)*)\1/g)].map(([, , title]) => ({
      line: i + 1,
      text: title!,
      isTitle: true
    }))
  )

/** Runs of lines that `proseOf` gives something for; one that matches `alone` begins anew. */
const joined = (
  lines: ReadonlyArray<string>,
  proseOf: (line: string) => string | undefined,
  alone?: RegExp
): ReadonlyArray<Block> => {
  const blocks: Array<{ line: number; text: string; isTitle: false }> = []
  let open = false
  for (const [i, line] of lines.entries()) {
    const prose = proseOf(line)
    if (prose === undefined) open = false
    else if (open && alone?.test(line) !== true) blocks.at(-1)!.text += ` ${prose.trim()}`
    else {
      blocks.push({ line: i + 1, text: prose.trim(), isTitle: false })
      open = true
    }
  }
  return blocks
}
