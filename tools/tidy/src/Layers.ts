import type { Finding, Project, Repository } from "./Repository.ts"

/**
 * The layers once more, beside the rule in .oxlintrc.json: that one is as good as its plugin and the tags, this one reads the
 * imports themselves. A project may use its own layer's row and nothing else.
 */
const allowed: ReadonlyArray<readonly [tag: string, may: ReadonlyArray<string>]> = [
  ["protocol:bounded", ["protocol:bounded"]],
  ["protocol:random", ["protocol:random"]],
  ["protocol:dtls", ["protocol:dtls", "protocol:bounded", "protocol:random"]],
  ["protocol:coap", ["protocol:coap", "protocol:bounded", "protocol:random"]],
  ["protocol:enos", ["protocol:enos", "protocol:bounded", "protocol:random"]],
  ["layer:contract", ["protocol:enos", "protocol:bounded", "protocol:random", "layer:contract"]],
  ["layer:runtime", ["layer:protocol", "layer:contract", "layer:runtime"]],
  ["layer:feature", ["layer:protocol", "layer:contract", "layer:runtime"]],
  ["layer:app", ["layer:feature", "layer:runtime", "layer:contract"]],
  ["layer:testkit", ["layer:protocol", "layer:contract", "layer:testkit"]],
  ["layer:simulation", ["layer:feature", "layer:runtime", "layer:contract", "layer:protocol", "layer:testkit"]],
  [
    "layer:tool",
    ["layer:simulation", "layer:testkit", "layer:runtime", "layer:contract", "layer:protocol", "layer:tool"]
  ]
]

/** Protocol libs know neither time nor sockets nor fibers. */
const purityBreach =
  /^(?:effect|effect\/(?!Result$|Schema$|Data$|Option$).*|node:(?!buffer$|crypto$).*|@nats-io\/.*|@effect\/.*)$/

/** `import "x"`, `import("x")`, and `import` or `export` … `from "x"`; a string in an exported value is no import. */
const importPattern =
  /(?:^|\n)\s*(?:import\s*|(?:import|export)\b[^"'\n]*?(?:\{[^}]*\}[^"'\n]*?)?\bfrom\s*)["']([^"'\n]+)["']|(?:^|\n)[^"'`\n]*\bimport\(\s*["']([^"'\n]+)["']/g

export const checkLayers = (repository: Repository): ReadonlyArray<Finding> => {
  const byName = new Map(repository.projects.map((project) => [project.name, project]))
  const findings: Array<Finding> = []
  for (const project of repository.projects) {
    for (const [path, source] of repository.files) {
      if (!path.startsWith(`${project.folder}/`) || !path.endsWith(".ts")) continue
      for (const { line, specifier } of importsOf(source)) {
        const message = breach(project, path, specifier, byName)
        if (message !== undefined) findings.push({ path, line, message })
      }
    }
  }
  return findings
}

const breach = (
  project: Project,
  path: string,
  specifier: string,
  byName: ReadonlyMap<string, Project>
): string | undefined => {
  const inSource = path.startsWith(`${project.folder}/src/`)
  if (specifier.startsWith(".")) {
    const depth = path.slice(project.folder.length + 1).split("/").length - 1
    const up = specifier.split("/").filter((part) => part === "..").length
    return up > depth ? `${specifier} leaves the project: import the package by its name` : undefined
  }
  const pure = inSource && project.tags.some((tag) => tag.startsWith("protocol:")) && !project.name.endsWith("-crypto")
  if (pure && purityBreach.test(specifier)) {
    return `${specifier} in a protocol lib: it takes bytes, time and randomness as arguments`
  }
  const used = byName.get(specifier.split("/").slice(0, 2).join("/"))
  if (used === undefined || used === project) return undefined
  if (inSource && !(used.name in project.dependencies)) return `${used.name} is not among the project's dependencies`
  if (!inSource) return undefined
  const rule = allowed.find(([tag]) => project.tags.includes(tag))
  if (rule === undefined) return `${project.name} has no layer tag`
  return rule[1].some((tag) => used.tags.includes(tag))
    ? undefined
    : `${rule[0]} may not use ${used.name} (${used.tags.join(", ")})`
}

const importsOf = (source: string): ReadonlyArray<{ readonly specifier: string; readonly line: number }> =>
  [...source.matchAll(importPattern)].map((match) => ({
    specifier: (match[1] ?? match[2])!,
    line: source.slice(0, match.index).split("\n").length + 1
  }))
