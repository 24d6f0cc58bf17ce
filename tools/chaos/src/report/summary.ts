import { styleText } from "node:util"
import type { Report } from "./Report.ts"

/** For the terminal, at the end. */
export const summaryOf = ({ command, config, faults, millis, passed, verdict }: Report): string => {
  const {
    allowed,
    codes,
    commandsIssued,
    counts,
    findings,
    recordsSeen,
    silences,
    uplinksAcknowledged,
    uplinksStored
  } = verdict
  const head = passed ? styleText("green", "nothing violated") : styleText("red", "VIOLATED")
  const lines = [
    "",
    `${styleText("bold", "chaos")} seed ${config.seed}, ${config.devices} devices, ${faults.length} faults, ${seconds(millis)}: ${head}`,
    "",
    ...table([
      ["fault", "target", "at", "lasted", "delayed", "service silent", "device waited"],
      ...silences.faults.map((fault) => [
        fault.kind,
        fault.target,
        seconds(fault.atMillis),
        seconds(fault.causeMillis),
        String(fault.exchangesDelayed),
        seconds(fault.serviceMillis),
        seconds(fault.deviceMillis)
      ])
    ]),
    "",
    `uplinks    ${uplinksAcknowledged} acknowledged, ${uplinksStored} stored`,
    `commands   ${commandsIssued} issued`,
    `records    ${recordsSeen} seen`,
    `responses  ${Object.entries(codes)
      .map(([code, count]) => `${code} ${count}`)
      .join(", ")}`,
    `silence    ${seconds(silences.longestMillis)} at most (${silences.longestOf})`,
    "",
    ...table(
      Object.entries(counts).map(([kind, count]) => [kind, count === 0 ? "0" : styleText("red", String(count))])
    ),
    ...Object.entries(allowed)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `allowed    ${count} ${kind}`),
    ...findings
      .slice(0, findingsPrintedMax)
      .map(
        ({ at, detail, deviceKey, kind }) =>
          `  ${new Date(at).toISOString().slice(11, 23)} ${kind} ${deviceKey}: ${detail}`
      ),
    ...(findings.length > findingsPrintedMax ? [`  … and more: --json or --html has them`] : []),
    ...(passed ? [] : ["", `again: ${command}`])
  ]
  return lines.join("\n")
}

const findingsPrintedMax = 20

const seconds = (millis: number): string => (Number.isFinite(millis) ? `${(millis / 1000).toFixed(1)} s` : "–")

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd()
  )
}
