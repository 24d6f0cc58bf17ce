import type { Histogram } from "./Histogram.ts"

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

export interface Family {
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  /** By rendered labels. */
  readonly series: Map<string, Read>
}
