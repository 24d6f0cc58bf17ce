/** A fenced block of a page. */
export interface Block {
  /** From the root of the repository. */
  readonly page: string
  /** Of the fence that opens it, from 1. */
  readonly line: number
  /** The first word after the fence, in small letters; empty without one. */
  readonly language: string
  /** The text behind the language: no renderer shows it. */
  readonly mark: string
  /** Its lines, each ended by a line feed, without the indentation of the fence. */
  readonly text: string
}

/** The fenced blocks of a page, as CommonMark reads them. A fence that nothing closes ends with the page. */
export const blocksOf = (page: string, markdown: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  const lines = markdown.split("\n")
  for (let i = 0; i < lines.length; i++) {
    const [, indent, fence, info] = /^( *)(`{3,}|~{3,})([^`]*)$/.exec(lines[i]!) ?? []
    if (fence === undefined) continue
    const opened = i
    const closing = new RegExp(`^ *${fence[0]}{${fence.length},} *$`)
    let text = ""
    for (i++; i < lines.length && !closing.test(lines[i]!); i++) {
      text += `${lines[i]!.replace(new RegExp(`^ {0,${indent!.length}}`), "")}\n`
    }
    const [language = "", ...mark] = info!.trim().split(/\s+/)
    blocks.push({ page, line: opened + 1, language: language.toLowerCase(), mark: mark.join(" "), text })
  }
  return blocks
}
