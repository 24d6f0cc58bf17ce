import type { Finding, Repository } from "./Repository.ts"

/** Characters of a line of a page; rows of tables and fenced blocks are as wide as they are. */
export const lineWidthMax = 160

/** Pages whose lines are too wide to read beside code. The unreleased section is wrapped with its version. */
export const checkLineWidth = ({ files }: Repository): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  for (const [path, text] of files) {
    if (!path.endsWith(".md")) continue
    let fenced = false
    let released = path !== "CHANGELOG.md"
    for (const [index, line] of text.split("\n").entries()) {
      if (/^ *(?:`{3}|~{3})/.test(line)) fenced = !fenced
      else if (/^## \d/.test(line)) released = true
      else if (released && !fenced && line.length > lineWidthMax && !/^ *\|/.test(line)) {
        findings.push({
          path,
          line: index + 1,
          message: `${line.length} characters, at most ${lineWidthMax}: wrap it`
        })
      }
    }
  }
  return findings
}
