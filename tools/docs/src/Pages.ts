import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { blocksOf } from "./Block.ts"
import { root } from "./Clone.ts"
import { type Finding, type Step, stepsOf } from "./Mark.ts"

export interface Page {
  /** From the root. */
  readonly path: string
  readonly steps: ReadonlyArray<Step>
  readonly findings: ReadonlyArray<Finding>
}

const ignored = new Set(["node_modules", "dist", "target", "fixtures"])

/** All pages of the repository, those of hidden folders left out. */
export const readPages = (): ReadonlyArray<Page> => {
  const pages: Array<Page> = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      if (entry.name.startsWith(".") || ignored.has(entry.name)) continue
      if (entry.isDirectory()) walk(path)
      else if (entry.name.endsWith(".md")) {
        pages.push({ path, ...stepsOf(blocksOf(path, readFileSync(join(root, path), "utf8"))) })
      }
    }
  }
  walk("")
  return pages
}
