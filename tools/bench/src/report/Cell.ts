import { type Figure, quantities, type QuantityText } from "../Figures.ts"
import { median, spread } from "../Statistics.ts"
import { rounded } from "./Round.ts"

export interface Cell {
  /** Median, with as many digits as mean something. */
  readonly value: string
  /** `±4 %`; empty after one round. */
  readonly spread: string
  /** To the reference server in the same row, as `0.52×`; empty where there is none. */
  readonly ratio: string
  /** Of a ratio: better than the reference, worse, or within the spread of either. */
  readonly verdict: "better" | "worse" | "same" | undefined
}

export interface Row {
  readonly title: string
  readonly cells: ReadonlyArray<Cell | undefined>
}

export interface Table {
  readonly title: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<Row>
}

export const cellOf = (figure: Figure, reference: Figure | undefined): Cell => {
  const value = median(figure.values)
  const own = figure.values.length > 1 ? spread(figure.values) : 0
  const cell = { value: rounded(value), spread: figure.values.length > 1 ? `±${Math.round(own * 100)} %` : "" }
  const { less }: QuantityText = quantities[figure.quantity]
  if (reference === undefined || less === undefined) return { ...cell, ratio: "", verdict: undefined }
  const ratio = value / median(reference.values)
  const uncertainty = own + (reference.values.length > 1 ? spread(reference.values) : 0)
  const gain = less ? 1 - ratio : ratio - 1
  const verdict = Math.abs(gain) <= uncertainty ? "same" : gain > 0 ? "better" : "worse"
  return { ...cell, ratio: `${ratio.toFixed(2)}×`, verdict }
}
