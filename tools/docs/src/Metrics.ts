import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { apps, root } from "./Clone.ts"

/** A family of metrics, as the code registers it. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly isHistogram: boolean
  /** From the root. */
  readonly source: string
  readonly apps: ReadonlyArray<string>
}

/** A name, and its help right behind it: a text, texts that are joined, or the name of one. */
const registration = /"((?:roost|process|nodejs)_[a-z0-9_]+)",\s*((?:"(?:[^"\\]|\\.)*"(?:\s*\+\s*)?)+|[a-z]\w*)/g

const histogramCall = /\bhistogram(?:From)?\(\s*"([a-z0-9_]+)"/g

/** All that the apps register, by name. An app has what stands in the libs that it is made of. */
export const readMetrics = (): ReadonlyArray<Metric> => {
  const usersOf = usersOfLibs()
  const metrics = new Map<string, Metric>()
  for (const source of globSync("{libs,apps}/*/src/**/*.ts", { cwd: root }).toSorted()) {
    const text = readFileSync(join(root, source), "utf8")
    // A name may have a constant of its own.
    const inlined = text.replaceAll(/\b(?:gauge|counter|histogram)(?:From)?\(\s*(\w+),/g, (call, name: string) => {
      const value = constantOf(text, name)
      return value === undefined ? call : call.replace(`${name},`, `"${value}",`)
    })
    const histograms = new Set(Array.from(inlined.matchAll(histogramCall), ([, name]) => name))
    for (const [, name, help] of inlined.matchAll(registration)) {
      const words = help!.startsWith('"') ? help! : JSON.stringify(constantOf(text, help!))
      if (words === undefined) continue
      const said = [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => part).join("")
      const folder = source.split("/").slice(0, 2).join("/")
      // udp-edge is made of the same lib, and holds no lease; the counters of leases stand at 0 there.
      const ofLeases = /^roost_cluster_(?:lease_held|nodes|partitions_owned)$/.test(name!)
      const users = ofLeases ? new Set(["session-actors"]) : usersOf.get(folder)
      const isHistogram = histograms.has(name!)
      metrics.set(name!, { name: name!, help: said, isHistogram, source, apps: apps.filter((app) => users?.has(app)) })
    }
  }
  return [...metrics.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const constantOf = (text: string, name: string): string | undefined =>
  new RegExp(`const ${name}\\b[^=\\n]*=\\s*"((?:[^"\\\\]|\\\\.)*)"`).exec(text)?.[1]

/** The apps that are made of each lib, by its folder. */
const usersOfLibs = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const folders = new Map<string, { readonly folder: string; readonly uses: ReadonlyArray<string> }>()
  for (const path of globSync("{libs,apps}/*/package.json", { cwd: root })) {
    const { dependencies = {}, name } = JSON.parse(readFileSync(join(root, path), "utf8")) as {
      readonly name: string
      readonly dependencies?: Readonly<Record<string, string>>
    }
    folders.set(name, { folder: path.replace("/package.json", ""), uses: Object.keys(dependencies) })
  }
  const users = new Map<string, Set<string>>()
  for (const app of apps) {
    const next = [`@roost/app-${app}`]
    for (let name = next.pop(); name !== undefined; name = next.pop()) {
      const known = folders.get(name)
      if (known === undefined || users.get(known.folder)?.has(app)) continue
      users.set(known.folder, (users.get(known.folder) ?? new Set()).add(app))
      next.push(...known.uses)
    }
  }
  return users
}

/** The unit of a metric, as Prometheus' names tell it. */
const unitOf = ({ isHistogram, name }: Metric): string => {
  if (name.endsWith("_seconds_total")) return "seconds, grows"
  if (name.endsWith("_total")) return "count, grows"
  if (isHistogram) return "seconds, histogram"
  if (name.endsWith("_seconds")) return "seconds"
  return name.endsWith("_bytes") || name.includes("_bytes_") ? "bytes" : "count"
}

/** The page of metrics, as `npm run docs -- --write` makes it and a test compares it. */
export const metricsPage = (): string => {
  const ofAll = apps.join(", ")
  const rows = readMetrics().map((metric) => {
    const { apps: served, help, name } = metric
    const where = served.join(", ") === ofAll ? "all" : served.join(", ")
    return `| \`${name}\` | ${where} | ${unitOf(metric)} | ${help.replaceAll("|", "\\|")} |`
  })
  return `# Metrics

Made from the code by \`npm run docs -- --write\`; a test compares. Each app answers \`GET /metrics\` on its HTTP port, in Prometheus' text format.
A client that accepts OpenMetrics 1.0 gets that, where histograms have exemplars: the ids of traces.
[deploy/prometheus](../deploy/prometheus/roost.rules.yaml) has alerts on them, and [operations.md](operations.md#what-failures-look-like) says what to do.
No label names a device: labels are kinds, reasons, codes, streams and versions.

| metric | of | value | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`
}
