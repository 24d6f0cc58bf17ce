import type { Cluster, FleetSummary } from "@roost/contracts"
import { localTime, printable } from "../output/Cells.ts"
import { paint, type Printer } from "../output/Printer.ts"
import { Table, widthOf } from "../output/Table.ts"

/** The answers that the view is made of; undefined until they were read. */
export interface Seen {
  readonly url: string
  readonly summary: FleetSummary
  readonly cluster: Cluster
}

/** Rows of a section, at most. */
const productsMax = 8
const refusalsMax = 6
const streamsMax = 6
const barWidth = 24

/** The screen of `roost top`, as lines that fit into `rows`. */
export const topLines = ({ cluster, summary, url }: Seen, printer: Printer, rows: number): ReadonlyArray<string> => {
  const { byStatus, byProduct, total } = summary.devices
  const { rates } = summary
  const lines = [
    `${paint(printer, "bold", "roost top")}  ${url}  ${localTime(summary.at)}`,
    "",
    `${paint(printer, "cyan", "devices")}   ${bar(byStatus.online, total, printer)}  ${byStatus.online} online of ${total}   ` +
      `${byStatus.offline} offline  ${byStatus.inactive} inactive  ${byStatus.disabled} disabled`,
    `${paint(printer, "cyan", "traffic")}   ${rate(rates.uplinksPerSecond)} uplinks/s   ${rate(rates.handshakesPerSecond)} handshakes/s   ` +
      `${rate(rates.resumptionsPerSecond)} resumptions/s   ${rate(rates.requestsPerSecond)} requests/s`,
    `${paint(printer, "cyan", "commands")}  ${commandsOf(summary)}   ${rate(rates.commandsPerSecond)} commands/s`,
    ...problemsOf(cluster, printer),
    ...section(
      "processes",
      printer,
      ["APP", "NODE", "HOST", "VERSION", "STATE", "PARTITIONS", "CPU", "MEMORY", "LAG"],
      cluster.nodes.map((node) => [
        node.app,
        printable(node.node),
        printable(node.host),
        node.version,
        node.ready ? "ready" : Object.keys(node.checks).join(",") || "not ready",
        node.partitions === undefined ? "" : String(node.partitions),
        `${Math.round(node.cpu * 100)} %`,
        bytesOf(node.memoryBytes),
        node.lagMillis < 1 ? "< 1 ms" : `${Math.round(node.lagMillis)} ms`
      ])
    ),
    ...section(
      "products",
      printer,
      ["PRODUCT", "NAME", "DEVICES", "ONLINE", "OFFLINE", "INACTIVE"],
      byProduct
        .slice(0, productsMax)
        .map((product) => [
          product.productKey,
          printable(product.productName),
          String(product.total),
          String(product.byStatus.online),
          String(product.byStatus.offline),
          String(product.byStatus.inactive)
        ])
    ),
    ...section(
      "refusals",
      printer,
      ["CODE", "APP", "COUNT", "PER SECOND"],
      summary.refusals
        .slice(0, refusalsMax)
        .map(({ app, code, count, perSecond }) => [printable(code), app, String(count), rate(perSecond)])
    ),
    ...section(
      "streams",
      printer,
      ["STREAM", "MESSAGES", "BYTES", "FULL"],
      cluster.streams
        .toSorted((a, b) => b.bytes - a.bytes)
        .slice(0, streamsMax)
        .map(({ bytes, bytesMax, messages, name }) => [
          name,
          String(messages),
          bytesOf(bytes),
          bytesMax === undefined ? "" : `${Math.round((100 * bytes) / bytesMax)} %`
        ])
    )
  ]
  return lines.slice(0, rows)
}

const section = (
  name: string,
  printer: Printer,
  headings: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const [heading, ...lines] = new Table(headings, printer).linesOf(rows)
  return ["", paint(printer, "cyan", name), heading!, ...lines]
}

const problemsOf = ({ problems }: Cluster, printer: Printer): ReadonlyArray<string> =>
  problems.length === 0
    ? []
    : [
        "",
        ...problems.map((text) => `${paint(printer, "red", "✗")} ${cut(printable(text), (printer.columns ?? 100) - 2)}`)
      ]

const cut = (text: string, width: number): string => (widthOf(text) <= width ? text : `${text.slice(0, width - 1)}…`)

const bar = (part: number, whole: number, printer: Printer): string => {
  const filled = whole === 0 ? 0 : Math.round((barWidth * part) / whole)
  return paint(printer, "green", "█".repeat(filled)) + paint(printer, "dim", "░".repeat(barWidth - filled))
}

const commandsOf = ({ commands: { byState } }: FleetSummary): string => {
  const shown = Object.entries(byState).filter(([, count]) => count > 0)
  return shown.length === 0 ? "none" : shown.map(([state, count]) => `${count} ${state}`).join("  ")
}

const rate = (perSecond: number): string => (perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1))

const bytesOf = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
