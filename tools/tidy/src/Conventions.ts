import { isTest } from "./Prose.ts"
import type { Finding, Repository } from "./Repository.ts"

/** Lines of a source file; the guide is 60 to 250, more than this is two things in one file. */
export const sourceLinesMax = 480
/** Lines of a file of tests. */
export const testLinesMax = 700

const meaninglessName = /(?:^|\/)(?:utils?|helpers?|common|misc|types)(?:\.ts|\/(?!.*test))/i
/** In tests a table of helpers is no better a name, but a folder for what several tests share has to be called something. */
const testFolder = /\/test\//

/** Names, sizes, pins and test discipline that no linter rule of ours covers. */
export const checkConventions = ({ files, projects }: Repository): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  for (const [path, text] of files) {
    if (path.endsWith(".ts")) findings.push(...checkSource(path, text))
  }
  findings.push(...checkVersions(files))
  const lock = files.get("package-lock.json") ?? ""
  for (const [index, line] of lock.split("\n").entries()) {
    if (/"resolved": "https?:/.test(line)) {
      findings.push({
        path: "package-lock.json",
        line: index + 1,
        message: "a download address: other registries can't use it"
      })
    }
  }
  for (const { dependencies, folder } of projects) {
    if (!files.has(`${folder}/README.md`)) {
      findings.push({ path: `${folder}/README.md`, message: "is missing: what it does, what it needs, its limits" })
    }
    for (const [name, version] of Object.entries(dependencies)) {
      const own = name.startsWith("@roost/")
      if (own ? version === "*" : /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) continue
      findings.push({
        path: `${folder}/package.json`,
        message: `${name} ${version}: ${own ? '"*"' : "an exact version"} is expected`
      })
    }
  }
  return findings
}

const versionOf = (manifest: string | undefined): string | undefined =>
  (JSON.parse(manifest ?? "{}") as { readonly version?: string }).version

/** All manifests have the version of root, and the newest release of the log of changes is it: tools and apps tell one of these. */
const checkVersions = (files: Repository["files"]): ReadonlyArray<Finding> => {
  const version = versionOf(files.get("package.json"))
  const findings: Array<Finding> = []
  for (const [path, text] of files) {
    if (!/^(?:(?:apps|libs|tools)\/[^/]+|examples)\/package\.json$/.test(path) || versionOf(text) === version) continue
    findings.push({ path, message: `version ${versionOf(text)}, and root has ${version}` })
  }
  const released = /^## (\d\S*)/m.exec(files.get("CHANGELOG.md") ?? "")?.[1]
  if (released !== version) {
    findings.push({ path: "CHANGELOG.md", message: `the newest release is ${released}, and root has ${version}` })
  }
  return findings
}

const checkSource = (path: string, text: string): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const lines = text.split("\n")
  const linesMax = isTest(path) ? testLinesMax : sourceLinesMax
  if (lines.length > linesMax) findings.push({ path, message: `${lines.length} lines, at most ${linesMax}: split it` })
  if (meaninglessName.test(path) && !testFolder.test(path)) {
    findings.push({ path, message: "a name that says nothing: name the file after what it defines" })
  }
  if (!isTest(path)) return findings
  for (const [index, line] of lines.entries()) {
    if (/\b(?:it|describe|test)(?:\.\w+)*\.(?:only|skip|todo)\b/.test(line)) {
      findings.push({ path, line: index + 1, message: "a test that is left out: run it or remove it" })
    }
  }
  return findings
}
