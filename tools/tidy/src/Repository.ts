import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

/** One workspace package: an app, a lib or a tool. */
export interface Project {
  /** From the root, with `/`. */
  readonly folder: string
  /** `@roost/…` */
  readonly name: string
  readonly tags: ReadonlyArray<string>
  /** All that package.json names under dependencies and devDependencies, with their versions. */
  readonly dependencies: Readonly<Record<string, string>>
}

/** The input of the checks: files by their path from the root, and the projects. */
export interface Repository {
  readonly files: ReadonlyMap<string, string>
  readonly projects: ReadonlyArray<Project>
}

/** A breach of a rule, for a person: where, and what to do. */
export interface Finding {
  readonly path: string
  readonly line?: number
  readonly message: string
}

const folders = ["apps", "libs", "tools", "deploy", "docs", "examples", ".ci", ".github"]
const ignored = new Set(["node_modules", "dist", "generated", "target", ".nx", ".roost"])
const text = /\.(ts|js|mjs|json|md|yaml|yml|sh|java|go|c|py|xml|mod)$|\/run$/

export const readRepository = (root: string): Repository => {
  const files = new Map<string, string>()
  const walk = (path: string): void => {
    for (const name of readdirSync(join(root, path))) {
      const child = `${path}/${name}`
      if (ignored.has(name)) continue
      if (statSync(join(root, child)).isDirectory()) walk(child)
      else if (text.test(child)) files.set(child, readFileSync(join(root, child), "utf8"))
    }
  }
  const atRoot = readdirSync(root)
  for (const folder of folders) if (atRoot.includes(folder)) walk(folder)
  for (const name of atRoot) {
    if (text.test(name) && statSync(join(root, name)).isFile()) files.set(name, readFileSync(join(root, name), "utf8"))
  }
  return repositoryOf(files)
}

/** As it would be with these files. */
export const repositoryOf = (files: ReadonlyMap<string, string>): Repository => ({ files, projects: projectsOf(files) })

const projectsOf = (files: ReadonlyMap<string, string>): ReadonlyArray<Project> =>
  [...files.keys()].flatMap((path) => {
    const folder = /^((?:apps|libs|tools)\/[^/]+)\/package\.json$/.exec(path)?.[1]
    if (folder === undefined) return []
    const manifest = JSON.parse(files.get(path)!) as Partial<Record<string, Record<string, string>>> & { name: string }
    const nx = JSON.parse(files.get(`${folder}/project.json`) ?? "{}") as { readonly tags?: ReadonlyArray<string> }
    const dependencies = { ...manifest["dependencies"], ...manifest["devDependencies"] }
    return [{ folder, name: manifest.name, tags: nx.tags ?? [], dependencies }]
  })
