import { Histogram } from "./Histogram.ts"

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

/** Many series behind one entry: their label values are not known beforehand. */
export interface CountersRead {
  readonly label: string
  readonly read: ReadonlyMap<string | number, number>
  readonly format: (value: never) => string
}

export type Read = Counter | Gauge | Histogram | CountersRead | (() => number)

export interface Series {
  readonly labels: Labels
  readonly metric: Read
}

export interface Family {
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  /** By rendered labels. */
  readonly series: Map<string, Series>
}

/** Families by their names. */
export type Families = ReadonlyMap<string, Family>

/** A time series as it is now. */
export interface Sample {
  readonly labels: Labels
  readonly value: number | Histogram
}

/** Reads a family; all that tell metrics to others read them so. */
export function* samplesOf({ series }: Family): Iterable<Sample> {
  for (const { labels, metric } of series.values()) {
    if (typeof metric === "function") yield { labels, value: metric() }
    else if (metric instanceof Histogram) yield { labels, value: metric }
    else if ("value" in metric) yield { labels, value: metric.value }
    else {
      for (const [key, value] of metric.read) yield { labels: { [metric.label]: metric.format(key as never) }, value }
    }
  }
}
