import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml"
import { repository } from "./imageRoot.ts"

export const chartFolder = join(repository, "deploy/helm/roost")

/** A value of the chart, as values.yaml declares it: its comment says what it is, its default which type it has. */
interface ChartValue {
  /** Such as `nats.server.enabled`. */
  readonly path: string
  readonly meaning: string
  readonly fallback: unknown
}

/** Where the schema says more than the default does. Maps that anything may be in; what has few values, or a range. */
const known: Readonly<Record<string, object>> = {
  "image.digest": { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
  "image.pullPolicy": { enum: ["IfNotPresent", "Always", "Never"] },
  "nats.replicas": { enum: [1, 3] },
  "nats.url": { type: "string", pattern: "^((nats|tls)://[^, ]+(, ?(nats|tls)://[^, ]+)*)?$" },
  "nats.fileStoreBytes": { type: "integer", minimum: 104_857_600 },
  "otlp.endpoint": { type: "string", pattern: "^(https?://[^\\s?#@]+)?$" },
  // `helm --set` makes a text of 0.01.
  "otlp.traceSampling": {
    oneOf: [
      { type: "number", minimum: 0, maximum: 1 },
      { type: "string", pattern: "^(0(\\.[0-9]+)?|1(\\.0+)?)$" }
    ]
  },
  "otlp.metricsSeconds": { type: "integer", minimum: 0, maximum: 3_600 },
  "udpEdge.service.type": { enum: ["LoadBalancer", "NodePort", "ClusterIP"] },
  "udpEdge.service.port": { type: "integer", minimum: 1, maximum: 65_535 },
  "udpEdge.service.nodePort": { type: "integer", minimum: 0, maximum: 65_535 },
  maxUnavailable: {
    oneOf: [
      { type: "integer", minimum: 1 },
      { type: "string", pattern: "^[0-9]+%$" }
    ]
  },
  existingSecret: { type: "string", minLength: 1 }
}
const storage = { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?([KMGTP]i?)?$" }
const variables = {
  type: "object",
  propertyNames: { pattern: "^[A-Z][A-Z0-9_]*$" },
  additionalProperties: { type: ["string", "number", "boolean"] }
}
const anything = { type: "object" }

const schemaOf = (path: string, value: unknown): object => {
  const name = path.slice(path.lastIndexOf(".") + 1)
  if (known[path] !== undefined) return known[path]
  if (name === "storage") return storage
  if (name === "env") return variables
  if (name === "autoscaling") {
    const count = { type: "integer", minimum: 1 }
    const properties = { enabled: { type: "boolean" }, min: count, max: count, cpuPercent: { ...count, maximum: 100 } }
    return { type: "object", additionalProperties: false, properties }
  }
  if (Array.isArray(value))
    return name === "imagePullSecrets" ? { type: "array", items: { type: "string" } } : { type: "array" }
  if (typeof value === "object" && value !== null) return anything
  if (typeof value === "number") return { type: "integer", minimum: 1 }
  return { type: typeof value }
}

/** All values, in the order of the file. */
export const chartValues = (text: string): ReadonlyArray<ChartValue> => {
  const document = parseDocument(text)
  const walk = (map: YAMLMap, prefix: string): ReadonlyArray<ChartValue> =>
    map.items.flatMap((pair: Pair, i) => {
      const key = isScalar(pair.key) ? pair.key : undefined
      const path = `${prefix}${String(key?.value)}`
      // The parser gives the first key's comment to its map.
      const comment = key?.commentBefore ?? (i === 0 ? (map.commentBefore ?? undefined) : undefined)
      const meaning = (comment ?? "").trim()
      if (isMap(pair.value) && meaning === "") return walk(pair.value, `${path}.`)
      if (isMap(pair.value) && i === 0 && pair.value.items.some(hasComment)) return walk(pair.value, `${path}.`)
      return [{ path, meaning, fallback: (pair.value as { toJSON: () => unknown }).toJSON() }]
    })
  return isMap(document.contents) ? walk(document.contents, "") : []
}

const hasComment = (pair: Pair): boolean => isScalar(pair.key) && (pair.key.commentBefore ?? "") !== ""

/** The schema that Helm checks values with: nothing else may be set. */
export const chartSchema = (values: ReadonlyArray<ChartValue>): string => {
  interface Node {
    readonly type: "object"
    readonly additionalProperties: false
    readonly properties: Record<string, object>
  }
  const object = (): Node => ({ type: "object", additionalProperties: false, properties: {} })
  const root = object()
  for (const { fallback, meaning, path } of values) {
    const names = path.split(".")
    let node = root
    for (const name of names.slice(0, -1)) node = (node.properties[name] ??= object()) as Node
    node.properties[names.at(-1)!] = { description: meaning, ...schemaOf(path, fallback) }
  }
  // Helm gives every chart these.
  root.properties["global"] = anything
  return `${JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", ...root }, null, 2)}\n`
}

export const chartReadme = (values: ReadonlyArray<ChartValue>): string => {
  const rows = values.map(
    ({ fallback, meaning, path }) => `| \`${path}\` | \`${JSON.stringify(fallback)}\` | ${meaning} |`
  )
  const template = readFileSync(join(chartFolder, "README.in.md"), "utf8")
  return template.replace("VALUES", ["| value | default | meaning |", "|---|---|---|", ...rows].join("\n"))
}

/** Files that the chart has from elsewhere in the repository, by their paths in the chart. */
export const chartFiles = (): ReadonlyArray<readonly [path: string, from: string]> => [
  ["files/roost.rules.yaml", join(repository, "deploy/prometheus/roost.rules.yaml")],
  ...readdirSync(join(repository, "deploy/nats"))
    .filter((name) => name.endsWith(".conf"))
    .map((name) => [`files/nats/${name}`, join(repository, "deploy/nats", name)] as const)
]

/** Writes what is made from values.yaml, and brings the files. */
export const writeChart = (): void => {
  const values = chartValues(readFileSync(join(chartFolder, "values.yaml"), "utf8"))
  mkdirSync(join(chartFolder, "files/nats"), { recursive: true })
  for (const [path, from] of chartFiles()) cpSync(from, join(chartFolder, path))
  writeFileSync(join(chartFolder, "values.schema.json"), chartSchema(values))
  writeFileSync(join(chartFolder, "README.md"), chartReadme(values))
}
