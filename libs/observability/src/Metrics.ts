/** Labels of one time series: closed sets only (a kind, a reason), never a device. */
export type Labels = Readonly<Record<string, string>>

/** A number that only grows. `inc` is an addition, so that it may stand on the datagram path. */
export class Counter {
  value = 0

  inc(by = 1): void {
    this.value += by
  }
}

/** A number that goes up and down. */
export class Gauge {
  value = 0

  set(value: number): void {
    this.value = value
  }
}

/** Counts observations in fixed buckets. */
export class Histogram {
  /** Upper bounds, ascending. */
  readonly bounds: ReadonlyArray<number>
  /** Observations per bound, the last one above all bounds. Not cumulative. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: ReadonlyArray<number>) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let i = 0
    while (i < this.bounds.length && value > this.bounds[i]!) i++
    this.counts[i]!++
    this.sum += value
  }
}

/** Seconds, for latencies from a fraction of a millisecond to the CoAP retransmission span. */
export const latencyBounds: ReadonlyArray<number> = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 45
]

/** Many series behind one entry: their label values are not known beforehand. */
interface CountersRead {
  readonly label: string
  readonly read: ReadonlyMap<string | number, number>
  readonly format: (value: never) => string
}

type Read = Counter | Gauge | Histogram | CountersRead | (() => number)

interface Family {
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  /** By rendered labels. */
  readonly series: Map<string, Read>
}

/**
 * Names metrics and renders them when Prometheus scrapes. Registering a name with labels that are known returns what
 * is registered. So a layer may be built twice in one process; a function that reads a value is replaced.
 */
export class MetricRegistry {
  readonly #families = new Map<string, Family>()

  /** `name` in Prometheus form, ending in `_total`. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    return this.#register(name, "counter", help, labels, () => new Counter())
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    return this.#register(name, "gauge", help, labels, () => new Gauge())
  }

  /** A gauge whose value is read at scrape time; the returned function takes it away again. */
  gaugeFrom(name: string, help: string, read: () => number, labels: Labels = {}): () => void {
    return this.#registerRead(name, "gauge", help, labels, read)
  }

  /** A counter that is kept elsewhere and read at scrape time; the returned function takes it away again. */
  counterFrom(name: string, help: string, read: () => number, labels: Labels = {}): () => void {
    return this.#registerRead(name, "counter", help, labels, read)
  }

  /** A family of counters kept elsewhere by the value of one label, whose values are found at scrape time. */
  countersFrom<K extends string | number>(
    name: string,
    help: string,
    label: string,
    read: ReadonlyMap<K, number>,
    format: (value: K) => string = String
  ): () => void {
    const family = this.#family(name, "counter", help)
    const key = renderLabels({ [label]: "" })
    const series: CountersRead = { label, read, format: format as (value: never) => string }
    family.series.set(key, series)
    return () => {
      if (family.series.get(key) === series) family.series.delete(key)
    }
  }

  histogram(name: string, help: string, bounds: ReadonlyArray<number> = latencyBounds, labels: Labels = {}): Histogram {
    return this.#register(name, "histogram", help, labels, () => new Histogram(bounds))
  }

  /** The counters and gauges of a name as they are now, each with the value of one of its labels; empty where it has none. */
  read(name: string, label?: string): ReadonlyArray<readonly [labelled: string, value: number]> {
    return [...(this.#families.get(name)?.series ?? [])].flatMap(([labels, metric]) => {
      if (metric instanceof Histogram) return []
      if (typeof metric !== "function" && "read" in metric) {
        return [...metric.read].map(([value, count]) => [metric.format(value as never), count] as const)
      }
      const value = typeof metric === "function" ? metric() : metric.value
      return [[label === undefined ? "" : labelOf(labels, label), value] as const]
    })
  }

  /** The text exposition format of Prometheus, version 0.0.4. */
  render(): string {
    const lines: Array<string> = []
    for (const [name, family] of this.#families) {
      if (family.series.size === 0) continue
      lines.push(`# HELP ${name} ${escapeHelp(family.help)}`, `# TYPE ${name} ${family.type}`)
      for (const [labels, metric] of family.series) renderSeries(lines, name, labels, metric)
    }
    return lines.join("\n") + "\n"
  }

  #family(name: string, type: Family["type"], help: string): Family {
    const known = this.#families.get(name)
    if (known === undefined) {
      if (!namePattern.test(name)) throw new RangeError(`${name} is not a metric name`)
      const family: Family = { type, help, series: new Map() }
      this.#families.set(name, family)
      return family
    }
    if (known.type !== type) throw new RangeError(`${name} is registered as a ${known.type}, not as a ${type}`)
    return known
  }

  #register<M extends Read>(name: string, type: Family["type"], help: string, labels: Labels, make: () => M): M {
    const family = this.#family(name, type, help)
    const key = renderLabels(labels)
    const known = family.series.get(key)
    if (known !== undefined) return known as M
    const made = make()
    family.series.set(key, made)
    return made
  }

  #registerRead(name: string, type: Family["type"], help: string, labels: Labels, read: () => number): () => void {
    const family = this.#family(name, type, help)
    const key = renderLabels(labels)
    family.series.set(key, read)
    return () => {
      if (family.series.get(key) === read) family.series.delete(key)
    }
  }
}

/** The metrics of this process. */
export const metrics = new MetricRegistry()

const renderSeries = (lines: Array<string>, name: string, labels: string, metric: Read): void => {
  const suffix = labels === "" ? "" : `{${labels}}`
  if (typeof metric === "function") {
    lines.push(`${name}${suffix} ${metric()}`)
    return
  }
  if ("read" in metric) {
    for (const [value, count] of metric.read) {
      lines.push(`${name}{${renderLabels({ [metric.label]: metric.format(value as never) })}} ${count}`)
    }
    return
  }
  if (!(metric instanceof Histogram)) {
    lines.push(`${name}${suffix} ${metric.value}`)
    return
  }
  const separator = labels === "" ? "" : ","
  let count = 0
  for (let i = 0; i < metric.counts.length; i++) {
    count += metric.counts[i]!
    const bound = i < metric.bounds.length ? metric.bounds[i] : "+Inf"
    lines.push(`${name}_bucket{${labels}${separator}le="${bound}"} ${count}`)
  }
  lines.push(`${name}_sum${suffix} ${metric.sum}`, `${name}_count${suffix} ${count}`)
}

const labelOf = (labels: string, name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? ""

const renderLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(",")

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
