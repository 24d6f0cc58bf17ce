import { type Families, type Labels, type Sample, samplesOf } from "./Families.ts"
import type { Exemplar } from "./Histogram.ts"

/** The text exposition format of Prometheus, version 0.0.4. */
export const prometheusText = "text/plain; version=0.0.4; charset=utf-8"
/** The same in the words of OpenMetrics 1.0, and exemplars. */
export const openMetricsText = "application/openmetrics-text; version=1.0.0; charset=utf-8"

export const renderText = (families: Families): string => {
  const lines: Array<string> = []
  for (const [name, family] of families) {
    if (family.series.size === 0) continue
    lines.push(`# HELP ${name} ${escapeHelp(family.help)}`, `# TYPE ${name} ${family.type}`)
    for (const sample of samplesOf(family)) renderSample(lines, name, sample, false)
  }
  return lines.join("\n") + "\n"
}

/** A counter's family has no `_total` there, its samples have; help has its quotation marks escaped; `# EOF` ends it. */
export const renderOpenMetrics = (families: Families): string => {
  const lines: Array<string> = []
  for (const [name, family] of families) {
    if (family.series.size === 0) continue
    const named = family.type === "counter" ? name.replace(/_total$/, "") : name
    const help = escapeHelp(family.help).replaceAll('"', '\\"')
    lines.push(`# TYPE ${named} ${family.type}`, `# HELP ${named} ${help}`)
    for (const sample of samplesOf(family)) renderSample(lines, name, sample, true)
  }
  return lines.join("\n") + "\n# EOF\n"
}

/** Whether an Accept header prefers OpenMetrics to plain text. Prometheus names both, each with its weight. */
export const prefersOpenMetrics = (accept: string | undefined): boolean => {
  const weights = { open: 0, plain: 0 }
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim())
    const q = parameters.find((parameter) => parameter.startsWith("q="))
    const weight = q === undefined ? 1 : Number(q.slice(2)) || 0
    if (type === "application/openmetrics-text") weights.open = Math.max(weights.open, weight)
    else if (type === "text/plain") weights.plain = Math.max(weights.plain, weight)
  }
  return weights.open > 0 && weights.open >= weights.plain
}

export const renderLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(",")

const renderSample = (lines: Array<string>, name: string, sample: Sample, hasExemplars: boolean): void => {
  const labels = renderLabels(sample.labels)
  const suffix = labels === "" ? "" : `{${labels}}`
  const { value } = sample
  if (typeof value === "number") {
    lines.push(`${name}${suffix} ${valueText(value)}`)
    return
  }
  const separator = labels === "" ? "" : ","
  let count = 0
  for (let i = 0; i < value.counts.length; i++) {
    count += value.counts[i]!
    const bound = i < value.bounds.length ? value.bounds[i] : "+Inf"
    const exemplar = hasExemplars ? value.exemplars?.[i] : undefined
    lines.push(`${name}_bucket{${labels}${separator}le="${bound}"} ${count}${exemplarText(exemplar)}`)
  }
  lines.push(`${name}_sum${suffix} ${valueText(value.sum)}`, `${name}_count${suffix} ${count}`)
}

/** OpenMetrics takes 128 characters of labels; a trace id is 32. */
const exemplarText = (exemplar: Exemplar | undefined): string =>
  exemplar === undefined ? "" : ` # {trace_id="${exemplar.traceId}"} ${exemplar.value} ${exemplar.at}`

const valueText = (value: number): string =>
  value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value)

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
