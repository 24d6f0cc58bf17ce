import { posix } from "node:path"
import type { Finding, Repository } from "./Repository.ts"

/** Links to files and headings that are not there, and metrics that no code has. */
export const checkReferences = ({ files }: Repository): ReadonlyArray<Finding> => {
  const metrics = new Set<string>()
  for (const [path, source] of files) {
    if (!/^(?:apps|libs)\/[^/]+\/src\//.test(path)) continue
    for (const [, name] of source.matchAll(/"(roost_[a-z_]+)"/g)) metrics.add(name!)
  }
  const findings: Array<Finding> = []
  for (const [path, text] of files) {
    if (!path.endsWith(".md")) continue
    for (const { line, target } of linksOf(text)) {
      const message = faultOf(path, target, files)
      if (message !== undefined) findings.push({ path, line, message })
    }
    if (/^(?:docs\/|[A-Z]+\.md$)/.test(path)) {
      for (const [index, line] of text.split("\n").entries()) {
        for (const [name] of line.matchAll(/\broost_[a-z_]+\b/g)) {
          if (!metrics.has(name)) findings.push({ path, line: index + 1, message: `${name} is no metric of the apps` })
        }
      }
    }
  }
  return findings
}

const linksOf = (text: string): ReadonlyArray<{ readonly line: number; readonly target: string }> => {
  const prose = text.replaceAll(/^```[^]*?^```/gm, (fence) => fence.replaceAll(/[^\n]/g, ""))
  return prose
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ line: index + 1, target: target! }))
    )
}

const faultOf = (path: string, target: string, files: ReadonlyMap<string, string>): string | undefined => {
  if (/^[a-z]+:/.test(target)) return undefined
  const [file = "", anchor] = target.split("#")
  const linked = file === "" ? path : posix.join(posix.dirname(path), file).replace(/\/$/, "")
  const text = files.get(linked)
  if (text === undefined) {
    // Files that the checks don't read, such as configurations, and folders of what they do.
    const isFolder = [...files.keys()].some((known) => known.startsWith(`${linked}/`))
    return isFolder || !/\.(?:md|ts)$/.test(linked) ? undefined : `${target}: no such file`
  }
  return anchor === undefined || headingsOf(text).has(anchor) ? undefined : `${target}: no such heading`
}

/** Anchors as GitHub makes them. */
const headingsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-")
    )
  )
