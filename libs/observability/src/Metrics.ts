import { renderLabels, renderOpenMetrics, renderText } from "./Exposition.ts"
import {
  Counter,
  type Families,
  type Family,
  Gauge,
  type Labels,
  type Read,
  samplesOf,
  type Series
} from "./Families.ts"
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
    const metric = { label, read, format: format as (value: never) => string }
    return this.#registerRead(name, "counter", help, { [label]: "" }, metric)
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
    const family = this.#families.get(name)
    return [...(family === undefined ? [] : samplesOf(family))].flatMap(({ labels, value }) =>
      typeof value === "number" ? [[label === undefined ? "" : (labels[label] ?? ""), value] as const] : []
    )
  }

  /** The text exposition format of Prometheus, version 0.0.4. */
  render(): string {
    return renderText(this.#families)
  }

  /** OpenMetrics 1.0, with exemplars. */
  renderOpenMetrics(): string {
    return renderOpenMetrics(this.#families)
  }

  /** By their names, to be read by `samplesOf`. */
  get families(): Families {
    return this.#families
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
    if (known !== undefined) return known.metric as M
    const made = make()
    family.series.set(key, { labels, metric: made })
    return made
  }

  #registerRead(name: string, type: Family["type"], help: string, labels: Labels, metric: Read): () => void {
    const family = this.#family(name, type, help)
    const key = renderLabels(labels)
    const series: Series = { labels, metric }
    family.series.set(key, series)
    return () => {
      if (family.series.get(key) === series) family.series.delete(key)
    }
  }
}

/** The metrics of this process. */
export const metrics = new MetricRegistry()

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
