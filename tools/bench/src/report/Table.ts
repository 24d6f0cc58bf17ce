import { type Figure, quantities, type Quantity } from "../Figures.ts"
import { spanOf } from "../Goals.ts"
import { median } from "../Statistics.ts"
import { type Cell, cellOf, type Row, type Table } from "./Cell.ts"
import { ratesTables } from "./RatesTables.ts"
import type { Report } from "./Report.ts"

/** Servers side by side, ratios to the first column; then what only Roost has. Empty tables are left out. */
export const tablesOf = (report: Report): ReadonlyArray<Table> => {
  const columns = report.servers.filter(({ key }) => !isVariant(key) && !isOfRatesOnly(key))
  const shared = report.figures.filter((figure) => figure.process === undefined && isShared(figure))
  const sideBySide: Table = {
    title: "Side by side",
    columns: columns.map(({ name }) => name),
    rows: rowsOf(shared).map(({ suite, devices, quantity }) =>
      rowOf(
        { suite, devices, quantity },
        columns.map(({ key }) => key),
        shared
      )
    )
  }
  return [
    sideBySide,
    ...ratesTables(report),
    flatTable(report),
    splitTable(report),
    actorsTable(report),
    alone(report)
  ].filter(({ rows }) => rows.length > 0)
}

interface RowKey {
  readonly quantity: Quantity
  readonly suite: string
  readonly devices: number
}

const roostOnly: ReadonlySet<Quantity> = new Set<Quantity>(["idleCpu", "wakeUp"])
const isShared = ({ quantity, rate }: Figure) =>
  !roostOnly.has(quantity) && quantity !== "flatCpu" && rate === undefined
const isVariant = (key: string) => /^roost-\d+$/.test(key)
const isOfRatesOnly = (key: string) => /^(started|floor-.*)$/.test(key)

/** Sorted as the quantities are listed; a server without DTLS has its values in the first suite's rows. */
const rowsOf = (figures: ReadonlyArray<Figure>): ReadonlyArray<RowKey> => {
  const order = Object.keys(quantities)
  const keys = new Map<string, RowKey>()
  for (const { devices, quantity, suite } of figures) {
    if (suite === "none" && figures.some((other) => other.suite !== "none")) continue
    keys.set(`${quantity} ${suite} ${devices}`, { quantity, suite, devices })
  }
  return [...keys.values()].toSorted(
    (a, b) =>
      order.indexOf(a.quantity) - order.indexOf(b.quantity) || b.suite.localeCompare(a.suite) || a.devices - b.devices
  )
}

const rowOf = (key: RowKey, servers: ReadonlyArray<string>, figures: ReadonlyArray<Figure>): Row => {
  const found = servers.map((server) =>
    figures.find(
      (figure) =>
        figure.server === server &&
        figure.quantity === key.quantity &&
        figure.devices === key.devices &&
        (figure.suite === key.suite || figure.suite === "none")
    )
  )
  const reference = found[0]
  return {
    title: titleOf(key),
    cells: found.map((figure, i) => figure && cellOf(figure, i === 0 ? undefined : reference))
  }
}

const titleOf = ({ devices, quantity, suite }: RowKey): string =>
  `${quantities[quantity].title}, ${quantities[quantity].unit} (${suite === "none" ? "" : `${suite}, `}${devices} devices)`

const plain = (figure: Figure | undefined): Cell | undefined => figure && cellOf(figure, undefined)

/** Where Roost's CPU goes. */
const splitTable = ({ figures }: Report): Table => {
  const own = figures.filter(({ process, quantity, server }) => server === "roost" && process && quantity !== "idleCpu")
  const processes = [...new Set(own.map(({ process }) => process!))]
  return {
    title: "Roost's CPU by process",
    columns: processes,
    rows: rowsOf(own).map((key) => ({
      title: titleOf(key),
      cells: processes.map((name) => plain(own.find((figure) => figure.process === name && isOf(figure, key))))
    }))
  }
}

/** A fleet that grows on one server; the last row says what a hundred thousand devices cost more than a hundred. */
const flatTable = ({ figures, servers }: Report): Table => {
  const own = figures.filter(({ quantity }) => quantity === "flatCpu")
  const columns = servers.filter(({ key }) => own.some(({ server }) => server === key))
  const keys = columns.map(({ key }) => key)
  const span = (server: string): Cell => {
    const costs = own.filter((figure) => figure.server === server).map(({ values }) => median(values))
    return { value: `${spanOf(costs).toFixed(2)}×`, spread: "", ratio: "", verdict: undefined }
  }
  return {
    title: "CPU per uplink as the fleet grows",
    columns: columns.map(({ name }) => name),
    rows:
      columns.length === 0
        ? []
        : [
            ...rowsOf(own).map((key) => rowOf(key, keys, own)),
            {
              title: `largest to smallest (± 15 % about their middle is ${flatSpanMax.toFixed(2)}×)`,
              cells: keys.map(span)
            }
          ]
  }
}

const flatSpanMax = 1.15 / 0.85

const isOf = (figure: Figure, key: RowKey): boolean =>
  figure.quantity === key.quantity && figure.suite === key.suite && figure.devices === key.devices

/** The same work over more session-actors processes, all on the one core. */
const actorsTable = ({ figures, servers }: Report): Table => {
  const variants = servers.filter(({ key }) => isVariant(key))
  const columns = servers.filter(({ key }) => key === "roost" || isVariant(key))
  const measured = figures.filter(({ process, server }) => process === undefined && isVariant(server))
  return {
    title: "Roost over several session-actors",
    columns: columns.map(({ name }) => name),
    rows:
      variants.length === 0
        ? []
        : rowsOf(measured).map((key) =>
            rowOf(
              key,
              columns.map(({ key }) => key),
              figures.filter(({ process }) => process === undefined)
            )
          )
  }
}

const alone = ({ figures }: Report): Table => {
  const own = figures.filter(({ quantity }) => roostOnly.has(quantity))
  return {
    title: "Roost alone",
    columns: ["value"],
    rows: own.map((figure) => ({
      title: `${titleOf(figure)}${figure.process === undefined ? "" : `, ${figure.process}`}`,
      cells: [plain(figure)]
    }))
  }
}
