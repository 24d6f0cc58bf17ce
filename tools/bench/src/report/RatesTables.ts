import { type Figure, quantities, type Quantity } from "../Figures.ts"
import { cellOf, type Row, type Table } from "./Cell.ts"
import type { Report } from "./Report.ts"

/** Uplinks at fixed rates: each server beside the least that does the same waking and storing; then where Roost's CPU goes. */
export const ratesTables = ({ figures, servers }: Report): ReadonlyArray<Table> => {
  const all = figures.filter(({ rate }) => rate !== undefined)
  const whole = all.filter(({ process }) => process === undefined)
  const measured = new Set(whole.map(({ server }) => server))
  const columns = [...order, ...servers.map(({ key }) => key).filter((key) => !order.includes(key))].flatMap((key) =>
    measured.has(key) ? servers.filter((server) => server.key === key) : []
  )
  const own = all.filter(({ process, server }) => server === "started" && process !== undefined)
  const processes = [...new Set(own.map(({ process }) => process!))]
  return [
    {
      title: "Uplinks at fixed rates, nothing pinned",
      columns: columns.map(({ name }) => name),
      rows: rowsOf(whole, (row) => {
        const found = columns.map(({ key }) => row.find(({ server }) => server === key))
        return found.map((figure, i) => figure && cellOf(figure, i === 0 ? undefined : found[0]))
      })
    },
    {
      title: "npm start's CPU at fixed rates, by process",
      columns: processes,
      rows: rowsOf(own, (row) =>
        processes.map((name) => {
          const figure = row.find(({ process }) => process === name)
          return figure && cellOf(figure, undefined)
        })
      )
    }
  ]
}

/** The ratios are to the first of them that was measured. */
const order: ReadonlyArray<string> = ["floor-linked", "started", "californium", "floor-storing", "floor"]

/** By quantity, then by rate. */
const rowsOf = (figures: ReadonlyArray<Figure>, cellsOf: (row: ReadonlyArray<Figure>) => Row["cells"]): Table["rows"] =>
  (Object.keys(quantities) as ReadonlyArray<Quantity>).flatMap((quantity) => {
    const rates = new Set(figures.filter((figure) => figure.quantity === quantity).map(({ rate }) => rate!))
    return [...rates]
      .toSorted((a, b) => a - b)
      .map((rate) => {
        const row = figures.filter((figure) => figure.quantity === quantity && figure.rate === rate)
        const { title, unit } = quantities[quantity]
        return {
          title: `${title} at ${rate}/s, ${unit} (${row[0]!.devices} devices)`,
          cells: cellsOf(row)
        }
      })
  })
