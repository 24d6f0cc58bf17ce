import { renderLabels, renderOpenMetrics, renderText } from "./Exposition.ts"
import { Counter, type CountersRead, type Family, Gauge, type Labels, type Read } from "./Families.ts"
import { Histogram, latencyBounds } from "./Histogram.ts"

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

  /** A histogram that is filled elsewhere; the returned function takes it away again. */
  histogramFrom(name: string, help: string, histogram: Histogram, labels: Labels = {}): () => void {
    return this.#registerRead(name, "histogram", help, labels, histogram)
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
    return renderText(this.#families)
  }

  /** OpenMetrics 1.0, with exemplars. */
  renderOpenMetrics(): string {
    return renderOpenMetrics(this.#families)
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

  #registerRead(name: string, type: Family["type"], help: string, labels: Labels, read: Read): () => void {
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

const labelOf = (labels: string, name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? ""
const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
