import { unknownVariables } from "@roost/contracts"
import type { Finding, Repository } from "./Repository.ts"

/** The page with the table of variables, and the heading above it. */
const page = "docs/variables.md"
const tableBegins = "# Variables"

const variable = "(?:ROOST|NATS|COAP|DATABASE)_[A-Z0-9_]+"

/** Variables that a setting reads and the table or an app's list of known ones lacks, and those of the table that nothing reads. */
export const checkVariables = ({ files }: Repository): ReadonlyArray<Finding> => {
  const documented = documentedVariables(files.get(page) ?? "")
  const read = new Map<string, string>()
  for (const [path, source] of files) {
    if (!readsForOperators.test(path)) continue
    for (const name of configuredVariables(source)) read.set(name, path)
  }
  return [
    ...[...read]
      .filter(([name]) => !documented.has(name))
      .map(([name, path]) => ({ path, message: `${name} is not in the table of ${page}` })),
    ...[...read]
      .filter(([name]) => documented.has(name) && unknownVariables([name.replace("{NAME}", "UPLINK")]).length > 0)
      .map(([name, path]) => ({
        path,
        message: `${name} is not in libs/contracts/src/KnownVariables.ts: apps would warn of it`
      })),
    ...[...documented]
      .filter(([name]) => !read.has(name))
      .map(([name, line]) => ({
        path: page,
        line,
        message: `${name}: nothing reads it`
      }))
  ]
}

/** The apps, what they are made of, and `npm start`; what only tests and tools for developers read is theirs. */
const readsForOperators = /^(?:apps|libs(?!\/testkit))\/[^/]+\/src\/|^tools\/dev\/src\/DevConfig\.ts$/

/**
 * Names that a source gives to `Config`, as they stand or made by a function of the same file from its
 * argument. All other text between `${` and `}` is `{NAME}`.
 */
const configuredVariables = (source: string): ReadonlySet<string> => {
  if (!/\bConfig\b[^"]*from "effect(?:\/Config)?"|\bSetting\b[^"]*from "/.test(source)) return new Set()
  const names = new Set([...source.matchAll(new RegExp(`"(${variable})"`, "g"))].map(([, name]) => name!))
  for (const [, maker, parameter, body] of source.matchAll(
    /const (\w+) = \((\w+): string[^)]*\)[^=\n]*=>((?:.|\n(?!\n|\S))*)/g
  )) {
    const templates = [...body!.matchAll(/`([^`]*)`/g)]
      .map(([, template]) => template!)
      .filter(
        (template) => template.includes(`\${${parameter}}`) && /^[A-Z0-9_]*(?:\$\{[^}]*\}[A-Z0-9_]*)+$/.test(template)
      )
    if (templates.length === 0) continue
    const standsAlone = new RegExp(`\\b${parameter}\\b`).test(body!.replaceAll(/`[^`]*`/g, ""))
    for (const [, given] of source.matchAll(new RegExp(`\\b${maker}\\(\\s*"([A-Z0-9_]+)"`, "g"))) {
      if (!standsAlone) names.delete(given!)
      for (const template of templates) {
        names.add(template.replaceAll(`\${${parameter}}`, given!).replaceAll(/\$\{[^}]*\}/g, "{NAME}"))
      }
    }
  }
  return names
}

/** In the first column: `NAME`, or several that differ in a part as `NAME_{A, B}`; with the line of each. */
const documentedVariables = (text: string): ReadonlyMap<string, number> => {
  const lines = text.split("\n")
  const begin = lines.findIndex((line) => line.startsWith(tableBegins))
  const names = new Map<string, number>()
  for (const [index, line] of lines.entries()) {
    if (begin < 0 || index < begin) continue
    if (index > begin && line.startsWith("## ")) break
    const cell = /^\| ([^|]*) \|/.exec(line)?.[1] ?? ""
    for (const [, name] of cell.matchAll(/`([A-Z][^`]*)`/g)) {
      const [, before = "", choices, after = ""] = /^(.*)\{([^{}]*,[^{}]*)\}(.*)$/.exec(name!) ?? []
      if (choices === undefined) names.set(name!, index + 1)
      else for (const choice of choices.split(", ")) names.set(`${before}${choice}${after}`, index + 1)
    }
  }
  return names
}
