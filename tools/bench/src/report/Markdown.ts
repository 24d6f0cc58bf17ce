import { goalsOf } from "../Goals.ts"
import { type Machine } from "../Machine.ts"
import type { Cell, Table } from "./Cell.ts"
import type { Report } from "./Report.ts"
import { tablesOf } from "./Table.ts"

export const markdownOf = (report: Report): string => {
  const lines = [
    "# Roost's benchmark",
    "",
    ...conditionsOf(report),
    "",
    "## Goals",
    "",
    goalsText,
    "",
    ...goalLines(report)
  ]
  for (const table of tablesOf(report)) lines.push("", `## ${table.title}`, "", ...tableLines(table))
  return `${lines.join("\n")}\n`
}

/** How the figures came about, a line each. */
export const conditionsOf = (report: Report): ReadonlyArray<string> => [
  `${report.startedAt.slice(0, 16).replace("T", " ")} UTC, ${report.minutes.toFixed(1)} minutes: \`${report.command}\``,
  "",
  machineLine(report.machine),
  "",
  `${report.rounds === 1 ? "One round" : `Medians of ${report.rounds} rounds, ± the largest distance from the median`}; × is the ratio to ${report.servers[0]?.name ?? "the first"}. The servers have one core, the load another.`,
  "",
  ...(report.figures.some(({ quantity }) => quantity === "floorP99") ? [latencyText, ""] : []),
  ...(report.figures.some(({ quantity }) => quantity === "rateCpu") ? [ratesText, ""] : []),
  ...report.servers.map(({ name, warmUp }) => `- ${name}: ${warmUp}`),
  ...report.notes.map((note) => `- ${note}`),
  ...noiseOf(report).map((note) => `- ${note}`)
]

/** A machine that others use makes a floor of 100 ms, beside which any latency is good. */
const noiseOf = ({ figures }: Report): ReadonlyArray<string> => {
  const worst = Math.max(
    0,
    ...figures.filter(({ quantity }) => quantity === "othersBusy").flatMap(({ values }) => values)
  )
  return worst < noisyPercent
    ? []
    : [
        `NOISY: other programs used up to ${Math.round(worst)} % of a core meanwhile. Rates, latencies and the goals on them say little; measure again on a quiet machine`
      ]
}

const noisyPercent = 20

const machineLine = ({ commit, cores, cpu, kernel, memoryBytes, natsServer, node }: Machine): string =>
  `${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${kernel}, Node ${node}, nats-server ${natsServer}, commit ${commit}`

const latencyText =
  "Latency at half load: requests leave at half of the rate that this server just had, whatever it does, and count from when they were due. A server that is twice as fast is asked twice as often, so each has the p99 of a bare datagram echo (the floor) at the same rate beside its own."

const ratesText =
  "Fixed rates: uplinks leave at the rate, whatever the server does, and count from when they were due; the load sleeps in between. Nothing is pinned. Roost is what npm start starts: bundles, latest values, events, supervisor and terminal. The floors that store do so under the same nats-server and configuration, without DTLS and without a decision. × is the ratio to that of two processes, in the same rounds."

export const goalsText =
  "What Roost is to be, in figures of this run: medians, suite CCM_8 (TLS_PSK_WITH_AES_128_CCM_8), all processes of a server together. Figures of two machines, or of two runs, are not compared."

const goalLines = (report: Report): ReadonlyArray<string> => [
  "| goal | bound | this run | |",
  "|---|---|---|---|",
  ...goalsOf(report).map(
    ({ bound, figure, measuredBy, title, verdict }) =>
      `| ${title} | ${bound} | ${verdict === "not measured" ? `not measured in this run: \`${measuredBy}\`` : figure} | ${verdict === "not measured" ? "–" : `**${verdict}**`} |`
  )
]

const tableLines = ({ columns, rows }: Table): ReadonlyArray<string> => [
  `| | ${columns.join(" | ")} |`,
  `|---|${columns.map(() => "---:").join("|")}|`,
  ...rows.map(({ cells, title }) => `| ${title} | ${cells.map(cellText).join(" | ")} |`)
]

const cellText = (cell: Cell | undefined): string => {
  if (cell === undefined) return "–"
  const { ratio, spread, value } = cell
  return [value, spread, ratio === "" ? "" : `**${ratio}**`].filter((part) => part !== "").join(" ")
}
