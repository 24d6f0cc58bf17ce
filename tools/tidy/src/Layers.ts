import type { Finding, Project, Repository } from "./Repository.ts"

/** A project's layer: the tag that it has, the tags of projects that its sources may use beside it, and those for its tests besides. */
interface Layer {
  readonly tag: string
  readonly may: ReadonlyArray<string>
  readonly testsMay?: ReadonlyArray<string>
}

const base = ["protocol:bounded", "protocol:random"]
const belowFeatures = ["layer:protocol", "layer:contract", "layer:runtime"]
const testkit = ["layer:testkit"]

/**
 * The layers, each with its row and nothing else; of two that fit, the first one counts. Features have no row of each other, so none
 * may use another.
 */
const layers: ReadonlyArray<Layer> = [
  { tag: "protocol:bounded", may: ["protocol:bounded"] },
  { tag: "protocol:random", may: ["protocol:random"] },
  { tag: "protocol:dtls", may: [...base, "protocol:dtls"] },
  { tag: "protocol:coap", may: [...base, "protocol:coap"] },
  { tag: "protocol:enos", may: [...base, "protocol:enos"] },
  { tag: "layer:contract", may: [...base, "protocol:enos", "layer:contract"] },
  { tag: "layer:runtime", may: belowFeatures, testsMay: testkit },
  // It speaks to applications: no device's protocol is its business.
  {
    tag: "feature:application-events",
    may: [...base, "protocol:enos", "layer:contract", "layer:runtime"],
    testsMay: testkit
  },
  { tag: "layer:feature", may: belowFeatures, testsMay: testkit },
  { tag: "layer:app", may: ["layer:feature", "layer:runtime", "layer:contract"], testsMay: testkit },
  { tag: "layer:testkit", may: ["layer:protocol", "layer:contract", "layer:testkit"] },
  { tag: "layer:simulation", may: [...belowFeatures, "layer:feature", "layer:testkit"] },
  // It backs up what the registry keeps, by the registry's own tables.
  {
    tag: "tool:roost",
    may: [...belowFeatures, "layer:simulation", "layer:testkit", "layer:tool", "feature:device-registry"]
  },
  { tag: "layer:tool", may: [...belowFeatures, "layer:simulation", "layer:testkit", "layer:tool"] }
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
  const layer = layers.find(({ tag }) => project.tags.includes(tag))
  if (layer === undefined) return project.tags.length === 0 ? undefined : `${project.name} has no layer tag`
  const may = inSource ? layer.may : [...layer.may, ...(layer.testsMay ?? [])]
  return may.some((tag) => used.tags.includes(tag))
    ? undefined
    : `${layer.tag}${inSource ? "" : ", in a test,"} may not use ${used.name} (${used.tags.join(", ")})`
}

const importsOf = (source: string): ReadonlyArray<{ readonly specifier: string; readonly line: number }> =>
  [...source.matchAll(importPattern)].map((match) => ({
    specifier: (match[1] ?? match[2])!,
    line: source.slice(0, match.index).split("\n").length + 1
  }))
